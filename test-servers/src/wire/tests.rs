//! Tests of reading packets.

use super::*;

#[test]
fn texts_come_with_their_length_and_null_without() {
    let mut packet = vec![2, b'a', b'b', 0xfb, 0xfc, 0, 1];
    packet.extend_from_slice(&[b'c'; 256]);
    packet.push(0);
    let mut reader = Reader(&packet);
    assert_eq!(reader.text().unwrap().unwrap(), "ab");
    assert_eq!(reader.text().unwrap(), None);
    assert_eq!(reader.text().unwrap().unwrap(), "c".repeat(256));
    assert_eq!(reader.text().unwrap().unwrap(), "");
    assert!(reader.text().is_err(), "nothing is left");
}

#[test]
fn a_text_that_is_cut_off_is_an_error() {
    assert!(Reader(&[3, b'a', b'b']).text().is_err());
    assert!(Reader(&[0xfd, 1, 0]).length().is_err());
}

#[test]
fn only_a_short_packet_ends_a_result() {
    assert!(is_end(&[0xfe, 0, 0, 2, 0]));
    let long_text = [0xfe, 1, 0, 0, 0, 0, 0, 0, 0, b'a'];
    assert!(!is_end(&long_text));
}
