use crate::dynatrace::encode::series::Series;

#[test]
fn a_series_is_the_key_and_the_dimensions_of_a_line() {
    let of = Series::of_line;
    assert_eq!(of("m,a=b count,delta=1 17"), of("m,a=b count,delta=2 18"));
    assert_eq!(of("m gauge,1"), of("m gauge,2"));
    assert_ne!(of("m,a=b gauge,1"), of("m,a=c gauge,1"));
    // Escaped spaces are part of a value, an escaped backslash ends before one.
    assert_ne!(of(r"m,a=b\ c gauge,1"), of(r"m,a=b\ d gauge,1"));
    assert_eq!(of(r"m,a=b\\ c"), of(r"m,a=b\\ d"));
    assert_eq!(of("m"), of("m"));
}
