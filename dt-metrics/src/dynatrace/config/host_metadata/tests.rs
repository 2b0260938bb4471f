use std::fs;
use std::path::PathBuf;

use crate::dynatrace::config::host_metadata::{
    HostMetadata, MAX_HOST_DIMENSIONS, MetadataFiles, process_instance, random_uuid,
};
use crate::dynatrace::redact::Redactor;
use crate::properties::MAX_BYTES;

const OPERATOR: &str = "dt_metadata.properties";
const AGENT: &str = "dt_host_metadata.properties";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        fs::create_dir(folder.path().join("root")).expect("just made");
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).expect("just made");
        path
    }

    fn metadata(&self) -> HostMetadata {
        let secret = "dt0c01.PUBLICPART.SECRETSECRETSECRETSECRET".into();
        MetadataFiles::in_directory(self.0.path()).read(&Redactor::new([secret]))
    }

    fn read(&self) -> Vec<(String, String)> {
        self.metadata().dimensions
    }
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.into(), value.into())
}

#[test]
fn without_a_file_there_is_no_dimension() {
    let found = Folder::new().metadata();
    assert_eq!(found.dimensions, []);
    assert_eq!((found.file, found.warnings), (None, vec![]));
}

#[test]
fn the_first_file_that_there_is_decides() {
    let folder = Folder::new();
    folder.file(AGENT, "dt.entity.host=HOST-AGENT\n");
    assert_eq!(folder.read(), [pair("dt.entity.host", "HOST-AGENT")]);
    folder.file(OPERATOR, "k8s.pod.name=shop-0\n");
    assert_eq!(folder.read(), [pair("k8s.pod.name", "shop-0")]);

    let named = folder.file("root/named", "dt.entity.host=HOST-NAMED\n");
    folder.file(
        "indirection",
        format!("  {}  \nnot this\n", named.display()),
    );
    assert_eq!(folder.read(), [pair("dt.entity.host", "HOST-NAMED")]);
    assert_eq!(folder.metadata().file, Some(named));

    for nowhere in ["", "\n", "/does/not/exist\n", "\0\n"] {
        folder.file("indirection", nowhere);
        let expected = [pair("k8s.pod.name", "shop-0")];
        assert_eq!(folder.read(), expected, "{nowhere:?}");
    }
}

#[test]
fn a_file_in_another_directory_is_never_read() {
    let folder = Folder::new();
    folder.file(".env", "k8s.pod.name=from-env\nDB_PASSWORD=hunter2\n");
    folder.file("rootless", "k8s.pod.name=from-rootless\n");
    let inside = |name: &str| folder.path("root").join(name).display().to_string();
    for named in [
        folder.path(".env").display().to_string(),
        folder.path("rootless").display().to_string(),
        inside("../.env"),
        inside("x/../../.env"),
        inside(""),
        ".env".into(),
        "/proc/self/environ".into(),
        "/proc/self/cwd/.env".into(),
    ] {
        folder.file("indirection", &named);
        let found = folder.metadata();
        assert_eq!(found.dimensions, [], "{named}");
        let [warning] = &*found.warnings else {
            panic!("{named}: {:?}", found.warnings);
        };
        assert!(
            warning.contains("not in a directory of Dynatrace"),
            "{warning}"
        );
        assert!(!warning.contains(".env"), "{warning}");
    }
}

#[test]
fn only_documented_keys_with_a_value_become_dimensions() {
    let folder = Folder::new();
    let text = "k8s.pod.name=1\n=2\nk8s.pod.uid=\n dt.entity.host = 3 \nbroken\nhost.name=\\uzz\n\
                # k8s.node.name=4\ndt.security_context=5\nDB_PASSWORD=6\nPATH=7\nk8s=8\n\
                dt.metrics.source=9\nservice.name=10\nprimary_tags.team=11\nk8s.pod.name=12\n\
                dt.cost.product=13\ndt.cost.costcenter=14\naws.account.id=15\n";
    folder.file(OPERATOR, text);
    assert_eq!(
        folder.read(),
        [
            pair("k8s.pod.name", "12"),
            pair("dt.entity.host", "3"),
            pair("dt.security_context", "5"),
            pair("primary_tags.team", "11"),
            pair("dt.cost.product", "13"),
            pair("dt.cost.costcenter", "14"),
            pair("aws.account.id", "15"),
        ]
    );
}

#[test]
fn a_value_with_a_token_is_left_out() {
    let folder = Folder::new();
    folder.file(
        OPERATOR,
        "k8s.pod.name=dt0c01.PUBLICPART.SECRETSECRETSECRETSECRET\n\
         k8s.node.name=x SECRETSECRETSECRETSECRET y\n\
         dt.cost.product=another dt0s16.OTHER.SECRET\n\
         dt.cost.costcenter=DT0C01.OTHER.SECRET\n\
         dt.security_context=dt0c01.PUBLICPART.SECRET\\u0053ECRETSECRETSECRET\n\
         dt.source_entity=%53ECRETSECRETSECRET%53ECRET\n\
         aws.account.id=SECRET-SECRET\n\
         k8s.pod.uid=dt0-c01\n",
    );
    let found = folder.metadata();
    assert_eq!(
        found.dimensions,
        [
            pair("aws.account.id", "SECRET-SECRET"),
            pair("k8s.pod.uid", "dt0-c01")
        ]
    );
    let warnings = found.warnings.join("; ");
    assert!(warnings.contains("6 values"), "{warnings}");
    assert!(!warnings.contains("SECRET"), "{warnings}");
}

#[test]
fn of_too_many_dimensions_the_first_are_kept() {
    let folder = Folder::new();
    let lines = (0..60).map(|index| format!("k8s.label.l{index}=v\n"));
    folder.file(OPERATOR, lines.collect::<String>());
    let found = folder.metadata();
    assert_eq!(found.dimensions.len(), MAX_HOST_DIMENSIONS);
    assert_eq!(found.dimensions[0], pair("k8s.label.l0", "v"));
    let warnings = found.warnings.join("; ");
    assert!(warnings.contains("60 dimensions"), "{warnings}");
}

#[test]
fn other_bytes_cost_their_line_and_too_many_the_file() {
    let folder = Folder::new();
    folder.file(OPERATOR, b"k8s.a=1\nk8s.b=\xff\xfe\nk8s.c=3\n");
    assert_eq!(folder.read(), [pair("k8s.a", "1"), pair("k8s.c", "3")]);

    let room = MAX_BYTES - "k8s.a=".len();
    folder.file(OPERATOR, format!("k8s.a={}", "x".repeat(room)));
    assert_eq!(folder.read().len(), 1);
    folder.file(OPERATOR, format!("k8s.a={}", "x".repeat(room + 1)));
    assert_eq!(folder.read(), []);
    folder.file(OPERATOR, "k8s.a=1");
    let path = folder.path(OPERATOR);
    fs::remove_file(&path).expect("there");
    fs::create_dir(&path).expect("free");
    assert_eq!(folder.read(), []);
    assert_eq!(folder.metadata().warnings.len(), 1);
}

#[cfg(unix)]
#[test]
fn a_file_that_never_answers_does_not_delay_the_start() {
    let folder = Folder::new();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path(OPERATOR))
        .status();
    if made.is_ok_and(|status| status.success()) {
        assert_eq!(folder.read(), []);
    }
}

#[test]
fn an_id_stays_and_is_like_no_other() {
    assert_eq!(process_instance(), process_instance());
    let (a, b) = (random_uuid(), random_uuid());
    assert_ne!(a, b);
    let shape: String = a
        .chars()
        .map(|c| if c.is_ascii_hexdigit() { 'x' } else { c })
        .collect();
    assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
    assert_eq!(&a[14..15], "4", "{a}");
    assert!("89ab".contains(&a[19..20]), "{a}");
}
