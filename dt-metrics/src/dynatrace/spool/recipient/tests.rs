use crate::dynatrace::config::endpoint::Endpoint;
use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::spool::recipient::Recipient;

fn recipient(url: &str) -> Recipient {
    Recipient::new(Format::Lines, &Endpoint::parse(url).expect("a URL"))
}

#[test]
fn the_environment_is_in_it_and_the_token_is_not() {
    let text = recipient("https://abc.example/e/x/api?api-token=SECRET#SECRET").to_text();
    assert_eq!(text, "lines https://abc.example/e/x/api\n");
}

#[test]
fn another_spelling_of_a_url_is_the_same_recipient() {
    let one = recipient("https://abc.example/api");
    for same in [
        "https://ABC.example:443/api/",
        "https://abc.example/api?x=1",
        "HTTPS://abc.example.:0443/./api//",
        " https://abc.example/x/../api ",
    ] {
        assert_eq!(recipient(same), one);
    }
    for other in [
        "http://abc.example/api",
        "https://abd.example/api",
        "https://abc.example:444/api",
        "https://abc.example/api/v2",
        "https://abc.example/API",
        "https://abc.example.com/api",
    ] {
        assert_ne!(recipient(other), one);
    }
}
