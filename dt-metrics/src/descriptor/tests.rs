//! Names of descriptors.

use super::{Descriptor, Kind, Part};

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

#[test]
fn the_parts_of_an_annotation_have_names_and_descriptions_of_their_own() {
    static PATH: Descriptor =
        Descriptor::unnamed("shop::add", 5, "a.rs", 7).with_description("Adds an item.");
    static CALLS: Descriptor = PATH.part(Part::Calls);
    static GIVEN: Descriptor = Descriptor::new(Kind::Counter, "shop.it", "shop", "a.rs", 7)
        .part(Part::InFlight)
        .with_description("Items");
    static DURATION: Descriptor =
        Descriptor::new(Kind::Counter, "it", "shop", "a.rs", 7).part(Part::Duration);
    let seen = [&CALLS, &GIVEN, &DURATION].map(|part| {
        let named = part.named();
        (named.name, named.kind, named.description, named.module_path)
    });
    let expected = [
        (
            "shop.add.calls",
            Kind::Counter,
            "Adds an item: calls",
            "shop",
        ),
        (
            "shop.it.in_flight",
            Kind::UpDownCounter,
            "Items: calls in flight",
            "shop",
        ),
        ("it.duration", Kind::Histogram, "", "shop"),
    ];
    assert_eq!(seen, expected);
}
