use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use prost::encoding::{bytes, encoded_len_varint, message};

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

#[test]
fn an_attribute_is_as_prost_writes_it_however_long_its_texts_are() {
    let lengths = || (0..140).chain([16_370, 16_400]);
    for (key, value) in lengths().flat_map(|key| lengths().map(move |value| (key, value))) {
        let (key, value) = ("k".repeat(key), "v".repeat(value));
        let attribute = KeyValue {
            key: key.clone(),
            value: Some(AnyValue {
                value: Some(any_value::Value::StringValue(value.clone())),
            }),
            ..KeyValue::default()
        };
        let (mut expected, mut written) = (vec![7], vec![7]);
        message::encode(9, &attribute, &mut expected);
        text_attribute(&mut written, 9, &key, &value);
        assert!(
            written == expected,
            "{} and {} bytes",
            key.len(),
            value.len()
        );
    }
}
