use super::snake_case;

#[test]
fn names_of_variants_become_snake_case() {
    for (name, expected) in [
        ("Gold", "gold"),
        ("VeryGood", "very_good"),
        ("HTTPServer", "http_server"),
        ("HttpServer", "http_server"),
        ("HTTP", "http"),
        ("Http2", "http2"),
        ("Http2Server", "http2_server"),
        ("HTTP2Server", "http2_server"),
        ("A", "a"),
        ("A1B", "a1_b"),
        ("A1b", "a1b"),
        ("AB", "ab"),
        ("ABc", "a_bc"),
        ("AbC", "ab_c"),
        ("IPv4", "i_pv4"),
        ("Ipv4", "ipv4"),
        ("gold", "gold"),
        ("snake_case", "snake_case"),
        ("Mixed_Case", "mixed_case"),
        ("UPPER_CASE", "upper_case"),
        ("_Leading", "_leading"),
        ("Trailing_", "trailing_"),
        ("ÄrgerÜber", "ärger_über"),
        ("ÉTÉ", "été"),
        ("金", "金"),
    ] {
        assert_eq!(snake_case(name), expected, "{name}");
    }
}
