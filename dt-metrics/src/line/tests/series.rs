//! The series that a line belongs to.

use crate::line::series;

#[test]
fn a_series_is_the_key_and_the_dimensions_of_a_line() {
    assert_eq!(
        series("m,a=b count,delta=1 17"),
        series("m,a=b count,delta=2 18")
    );
    assert_eq!(series("m gauge,1"), series("m gauge,2"));
    assert_ne!(series("m,a=b gauge,1"), series("m,a=c gauge,1"));
    // Escaped spaces are part of a value, an escaped backslash ends before one.
    assert_ne!(series(r"m,a=b\ c gauge,1"), series(r"m,a=b\ d gauge,1"));
    assert_eq!(series(r"m,a=b\\ c"), series(r"m,a=b\\ d"));
    assert_eq!(series("m"), series("m"));
}
