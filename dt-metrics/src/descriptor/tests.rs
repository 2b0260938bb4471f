//! Names of descriptors.

use super::Descriptor;

#[test]
fn a_path_becomes_a_name_once() {
    static PATH: Descriptor = Descriptor::unnamed("shop::r#type::Cart::add::calls", 18, "a.rs", 7);
    let named = PATH.named();
    assert_eq!(named.name, "shop.type.Cart.add.calls");
    assert_eq!(named.module_path, "shop::r#type");
    assert_eq!((named.file, named.line), ("a.rs", 7));
    assert!(core::ptr::eq(named, PATH.named()));
    assert!(core::ptr::eq(named, named.named()));
}
