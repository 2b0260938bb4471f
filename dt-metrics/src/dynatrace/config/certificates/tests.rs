use crate::dynatrace::config::certificates::certificates;
use crate::dynatrace::error::ConfigError;

fn pem(name: &str) -> String {
    let key = rcgen::KeyPair::generate().expect("a key");
    let parameters = rcgen::CertificateParams::new([name.to_owned()]).expect("a name");
    parameters.self_signed(&key).expect("a certificate").pem()
}

#[test]
fn all_certificates_of_all_texts_are_taken() {
    let (one, two, three) = (pem("one"), pem("two"), pem("three"));
    let texts = [
        format!("one:\n{one}\n\n{two}").as_bytes().to_vec().into(),
        three.replace('\n', "\r\n").as_bytes().to_vec().into(),
    ];
    assert_eq!(certificates(&texts).expect("valid").len(), 3);
    assert_eq!(certificates(&[]).expect("valid").len(), 0);
}

#[test]
fn an_invalid_certificate_is_an_error_that_does_not_show_it() {
    let key = rcgen::KeyPair::generate().expect("a key").serialize_pem();
    let good = pem("good");
    let half = good[..good.len() / 2].to_owned();
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned();
    let broken = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n".to_owned();
    for text in [
        String::new(),
        "no pem".into(),
        key.clone(),
        half,
        garbage,
        broken,
    ] {
        match certificates(&[text.as_bytes().to_vec().into()]) {
            Err(error @ ConfigError::RootCertificate { .. }) => {
                let error = format!("{error} {error:?}");
                assert!(error.contains("add_root_certificate_pem"), "{error}");
                assert!(
                    !error.contains(key.lines().nth(1).expect("a key")),
                    "{error}"
                );
            }
            other => panic!("{text}: {other:?}"),
        }
        // A valid certificate next to it does not hide it.
        assert!(
            certificates(&[
                good.as_bytes().to_vec().into(),
                text.as_bytes().to_vec().into()
            ])
            .is_err()
        );
    }
}
