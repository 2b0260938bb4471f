//! Descriptions.

use super::invalid::Invalid;
use super::limits::MAX_DESCRIPTION_LENGTH;

/// Checks that `description` is not longer than the 65,535 characters that can be sent (Dynatrace
/// documentation, *Metric ingestion protocol*, metadata). A description may contain any character: characters
/// that cannot be sent are escaped or left out.
///
/// ```
/// use dt_metrics::line::check_description;
///
/// const _: () = assert!(check_description("Orders placed, by region").is_ok());
/// assert!(check_description(&"x".repeat(65_536)).is_err());
/// ```
///
/// # Errors
///
/// [`Invalid::DescriptionTooLong`] if the description has more characters.
pub const fn check_description(description: &str) -> Result<(), Invalid> {
    let bytes = description.as_bytes();
    // Each character is counted at its first byte: one UTF-16 unit, two if four bytes follow.
    let mut length = 0;
    let mut i = 0;
    while i < bytes.len() {
        length += match bytes[i] {
            0x80..=0xbf => 0,
            0xf0..=0xff => 2,
            _ => 1,
        };
        i += 1;
    }
    if length > MAX_DESCRIPTION_LENGTH {
        return Err(Invalid::DescriptionTooLong);
    }
    Ok(())
}
