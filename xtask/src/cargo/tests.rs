//! Tests of reading `cargo metadata`.

use super::*;

const METADATA: &[u8] = br#"{
    "target_directory": "/somewhere/target",
    "packages": [
        {"name": "one", "targets": [{"name": "tool", "kind": ["bin"]}]},
        {"name": "two", "targets": [{"name": "two", "kind": ["lib"]}]}
    ]
}"#;

#[test]
fn a_binary_stands_in_its_profile_s_folder() {
    let workspace = Workspace::parse(METADATA).unwrap();
    let path = workspace.binary("release", "tool");
    assert!(path.starts_with("/somewhere/target/release"), "{}", path.display());
    assert_eq!(path.file_stem().unwrap(), "tool");
}

#[test]
fn a_binary_is_known_by_package_name_and_kind() {
    let workspace = Workspace::parse(METADATA).unwrap();
    assert!(workspace.has_binary("one", "tool"));
    assert!(!workspace.has_binary("two", "tool"));
    assert!(!workspace.has_binary("two", "two"), "a library is no binary");
    assert!(!workspace.has_binary("three", "tool"));
}

#[test]
fn metadata_without_a_target_folder_is_refused() {
    assert!(Workspace::parse(b"{}").is_err());
    assert!(Workspace::parse(b"error: no manifest").is_err());
}

#[test]
fn this_workspace_has_this_binary() {
    assert!(Workspace::ask().unwrap().has_binary("xtask", "xtask"));
}
