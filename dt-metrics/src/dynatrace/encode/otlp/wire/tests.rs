use prost::encoding::{bytes, encoded_len_varint};

use crate::dynatrace::encode::otlp::wire::*;

/// Lengths around each change of the length's own size.
const LENGTHS: [usize; 9] = [0, 1, 127, 128, 129, 16_383, 16_384, (1 << 21) - 1, 1 << 21];

#[test]
fn a_message_is_as_prost_writes_it_however_long_its_length_was_expected_to_be() {
    for expected in LENGTHS {
        assert_eq!(varint_len(expected), encoded_len_varint(expected as u64));
        let content: Vec<_> = (0..expected).map(|byte| byte.to_le_bytes()[0]).collect();
        let mut message = vec![7];
        bytes::encode(3, &content, &mut message);
        for width in [SHORT, MEDIUM, LONG] {
            let mut written = vec![7];
            nested(&mut written, 3, width, |out| {
                out.extend_from_slice(&content);
            });
            assert!(written == message, "{expected} bytes, width {width}");
        }
    }
}
