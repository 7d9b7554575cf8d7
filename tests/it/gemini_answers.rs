//! What comes back: every oddity of a good answer. Never a failure's kind.

use std::io::{ErrorKind, Write};

use overnight::domain::Usage;
use overnight::provider::{AskError, Provider};

use crate::support::gemini::{answer, ask, base64, image_part, jpeg, png, provider, succeed, sunset};
use crate::support::server::{self, Play, Server, http};
use crate::support::sink::Collected;

#[tokio::test]
async fn a_plain_answer_gives_its_picture_its_caption_and_its_figures() {
    let picture = png(200_000);
    let parts = format!(r#"{{"text":" A sunset. \n"}},{}"#, image_part(&picture));
    let (generation, images) = succeed(server::json(200, &answer(&parts, "STOP"))).await;
    assert_eq!(images, [picture]);
    let reply = generation.reply;
    assert_eq!(reply.text.as_deref(), Some("A sunset."));
    assert_eq!(reply.finish_reason.as_deref(), Some("STOP"));
    assert_eq!(reply.model_version.as_deref(), Some("gemini-3.1-flash-lite-image"));
    assert_eq!(reply.response_id.as_deref(), Some("r-1"));
    let usage = Usage { prompt_tokens: 9, output_tokens: 1120, total_tokens: 1129, ..Usage::default() };
    assert_eq!(reply.usage, Some(usage));
}

#[tokio::test]
async fn both_casings_are_read_everywhere() {
    let data = base64(&jpeg(30));
    let body = format!(
        r#"{{"candidates":[{{"content":{{"parts":[{{"inline_data":{{"data":"{data}","mime_type":"image/jpeg"}}}}]}},
            "finish_reason":"MAX_TOKENS","finish_message":"long"}}],
            "usage_metadata":{{"prompt_token_count":"7","candidates_token_count":1,"thoughts_token_count":2,
            "total_token_count":10}},"model_version":"m","response_id":"r"}}"#
    );
    let (generation, images) = succeed(server::json(200, &body)).await;
    assert_eq!(images, [jpeg(30)]);
    let reply = generation.reply;
    assert_eq!(reply.finish_reason.as_deref(), Some("MAX_TOKENS"));
    assert_eq!(reply.finish_message.as_deref(), Some("long"));
    assert_eq!((reply.model_version.as_deref(), reply.response_id.as_deref()), (Some("m"), Some("r")));
    let usage = Usage { prompt_tokens: 7, output_tokens: 1, thought_tokens: 2, total_tokens: 10, ..Usage::default() };
    assert_eq!(reply.usage, Some(usage));
}

#[tokio::test]
async fn drafts_and_thoughts_are_left_out_wherever_their_mark_stands() {
    let draft = base64(&png(10));
    let parts = format!(
        r#"{{"thought":true,"inlineData":{{"data":"{draft}"}}}},{{"inlineData":{{"data":"{draft}"}},"thought":true}},
           {{"text":"I ponder","thought":true}},{{"text":"Done","thought":false}},{}"#,
        image_part(&png(20))
    );
    let (generation, images) = succeed(server::json(200, &answer(&parts, "STOP"))).await;
    assert_eq!(images, [png(20)]);
    assert_eq!(generation.reply.text.as_deref(), Some("Done"));
}

#[tokio::test]
async fn several_final_images_are_all_kept_in_order_over_all_candidates() {
    let (first, second, third) = (image_part(&png(1)), image_part(&jpeg(2)), image_part(&png(3)));
    let body = format!(
        r#"{{"candidates":[{{"content":{{"parts":[{first},{{"text":"one"}},{second}]}}}},
            {{"content":{{"parts":[{third},{{"text":"two"}}]}},"finishReason":"STOP"}}]}}"#
    );
    let (generation, images) = succeed(server::json(200, &body)).await;
    assert_eq!(images, [png(1), jpeg(2), png(3)]);
    assert_eq!(generation.reply.text.as_deref(), Some("one\ntwo"));
    assert_eq!(generation.reply.finish_reason.as_deref(), Some("STOP"));
}

#[tokio::test]
async fn escapes_white_space_and_missing_padding_in_base64_change_nothing() {
    let picture = jpeg(301);
    let plain = base64(&picture);
    assert!(plain.contains('/') && plain.ends_with('='), "{plain}");
    let broken_up = format!("{}\\r\\n {}", &plain[..76], &plain[76..]);
    for data in [plain.replace('/', "\\/").replace('=', "\\u003d"), broken_up, plain.trim_end_matches('=').to_owned()] {
        let part = format!(r#"{{"inlineData":{{"data":"{data}"}}}}"#);
        let (_, images) = succeed(server::json(200, &answer(&part, "STOP"))).await;
        assert_eq!(images, std::slice::from_ref(&picture), "{data}");
    }
}

#[tokio::test]
async fn what_is_missing_null_or_of_an_odd_type_is_as_good_as_absent() {
    let data = base64(&png(5));
    let body = format!(
        r#"{{"unknown":[1,{{}}],"error":null,"promptFeedback":null,"usageMetadata":null,"modelVersion":7,
            "responseId":{{"a":[]}},
            "candidates":[{{"index":0}},{{"content":null}},{{"content":{{}}}},{{"content":{{"parts":null}}}},
            {{"content":{{"parts":[]}}}},
            {{"content":{{"parts":[{{}},{{"text":null,"thought":null,"thoughtSignature":"x"}},
            {{"text":3}},{{"text":[true]}},{{"inlineData":null}},{{"inlineData":{{"mimeType":"image/png"}}}},
            {{"inlineData":{{"mimeType":null,"data":"{data}"}}}}]}},"finishReason":null,"safetyRatings":[]}}]}}"#
    );
    let (generation, images) = succeed(server::json(200, &body)).await;
    assert_eq!(images, [png(5)]);
    assert_eq!(generation.reply, overnight::domain::Reply::default());
}

#[tokio::test]
async fn a_picture_counts_whatever_the_finish_reason_or_an_error_beside_it_says() {
    for reason in ["NO_IMAGE", "IMAGE_SAFETY", "SOMETHING_NEW"] {
        let (generation, images) = succeed(server::json(200, &answer(&image_part(&png(9)), reason))).await;
        assert_eq!(images, [png(9)]);
        assert_eq!(generation.reply.finish_reason.as_deref(), Some(reason));
    }
    let body = answer(&image_part(&png(9)), "STOP").replacen('{', r#"{"error":{"code":500},"#, 1);
    assert_eq!(succeed(server::json(200, &body)).await.1, [png(9)]);
}

#[tokio::test]
async fn the_bytes_decide_what_a_picture_is_and_are_kept_as_they_came() {
    let declared = image_part(&jpeg(44));
    let noise = image_part(b"<html>no picture</html>");
    let (_, images) = succeed(server::json(200, &answer(&format!("{declared},{noise}"), "STOP"))).await;
    assert_eq!(images, [jpeg(44)], "declared as PNG, kept as it is; what is no picture is left out");
}

#[tokio::test]
async fn a_picture_that_stops_being_base64_leaves_no_trace_beside_a_good_one() {
    let bad = format!(r#"{{"inlineData":{{"data":"{}***"}}}}"#, base64(&png(90_000)));
    let server = Server::start([server::json(200, &answer(&format!("{bad},{}", image_part(&png(3))), "STOP"))]);
    let (result, images) = ask(&provider(&server), &sunset()).await;
    result.unwrap();
    assert_eq!((images.images.as_slice(), images.discarded), (&[png(3)][..], 1));
}

#[tokio::test]
async fn packed_and_chunked_answers_are_read_alike() {
    let body = answer(&image_part(&png(70_000)), "STOP");
    let packed = gzip(body.as_bytes());
    let headers = [("content-encoding", "gzip"), ("content-type", "application/json")];
    assert_eq!(succeed(Play::Reply(http(200, &headers, &packed))).await.1, [png(70_000)]);
    let mut chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for chunk in body.as_bytes().chunks(1_001) {
        write!(chunked, "{:x}\r\n", chunk.len()).unwrap();
        chunked.extend_from_slice(chunk);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    assert_eq!(succeed(Play::Reply(chunked)).await.1, [png(70_000)]);
}

#[tokio::test]
async fn an_answer_that_ends_with_its_connection_is_whole_when_its_json_is() {
    let mut reply = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
    reply.extend_from_slice(answer(&image_part(&png(50)), "STOP").as_bytes());
    assert_eq!(succeed(Play::ReplyAndClose(reply)).await.1, [png(50)]);
}

#[tokio::test]
async fn a_full_disk_is_our_own_error_and_no_failure_of_the_item() {
    let server = Server::start([server::json(200, &answer(&image_part(&png(50)), "STOP"))]);
    let mut images = Collected::full();
    match provider(&server).generate(&sunset(), &mut images).await {
        Err(AskError::Sink(error)) => assert_eq!(error.kind(), ErrorKind::StorageFull),
        other => panic!("{other:?}"),
    }
}

/// A gzip stream whose one block is stored as it is: enough to see that unpacking happens.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];
    let blocks: Vec<&[u8]> = bytes.chunks(usize::from(u16::MAX)).collect();
    for (index, block) in blocks.iter().enumerate() {
        let length = u16::try_from(block.len()).unwrap();
        packed.push(u8::from(index + 1 == blocks.len()));
        packed.extend_from_slice(&length.to_le_bytes());
        packed.extend_from_slice(&(!length).to_le_bytes());
        packed.extend_from_slice(block);
    }
    packed.extend_from_slice(&crc32(bytes).to_le_bytes());
    packed.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_le_bytes());
    packed
}

/// The check sum of RFC 1952, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            let carry = if sum & 1 == 1 { 0xEDB8_8320 } else { 0 };
            (sum >> 1) ^ carry
        })
    })
}
