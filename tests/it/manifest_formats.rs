//! Manifests separated by tabs or compressed with gzip. Never looks at what the rows say in other respects.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use overnight::domain::Item;
use overnight::job::Manifest;
use overnight::job::manifest::LONGEST_ROW;

use crate::manifest::open;

/// `bytes` as `gzip` writes them.
pub fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}

fn items(name: &str, text: impl AsRef<[u8]>) -> Vec<Item> {
    let (_folder, manifest) = open(name, text);
    manifest.flat_map(|row| row.unwrap_or_else(|bad| panic!("{:?}", bad.faults)).1).collect()
}

fn told(manifest: Manifest) -> Vec<String> {
    manifest.filter_map(Result::err).flat_map(|bad| bad.faults).map(|fault| fault.to_string()).collect()
}

fn faults(name: &str, text: impl AsRef<[u8]>) -> Vec<String> {
    let (_folder, manifest) = open(name, text);
    told(manifest)
}

const PLAIN: &str = "id,prompt,images\na,\"a cup, blue\",b.png\nb,\"two\nlines\",\n";

#[test]
fn tabs_separate_as_commas_do_with_the_same_quotes() {
    let tabs = "id\tprompt\timages\na\ta cup, blue\tb.png\nb\t\"two\nlines\"\t\n";
    assert_eq!(items("p.tsv", tabs), items("p.csv", PLAIN));
    assert_eq!(items("p.tsv", "prompt\tid\n\"a\t\"\"b\"\"\"\tx\n")[0].request.prompt, "a\t\"b\"");
    assert!(items("p.tsv", "prompt\tid\n\t\n \t\n").is_empty(), "blank rows");
}

#[test]
fn a_mistake_in_a_list_with_tabs_names_tabs() {
    assert_eq!(
        faults("p.tsv", "id\tprompt\na\tb\tc\n"),
        [
            "p.tsv:2: this row has 3 cells, but the header has 2; put quotes around a cell that holds a tab, and keep the tabs of empty cells"
        ]
    );
    assert_eq!(
        faults("p.tsv", "id,prompt\na,b\n"),
        [
            "p.tsv:1:1: the columns are separated by commas, not tabs; give it the ending .csv, or add --manifest-format csv"
        ]
    );
    assert!(faults("p.tsv", "id\tprompt\na\t\n")[0].starts_with("p.tsv:2:3: `prompt` is empty"));
}

#[test]
fn a_compressed_manifest_says_the_same_as_the_plain_one() {
    let expected = items("p.csv", PLAIN);
    let (head, tail) = PLAIN.split_at(20);
    for bytes in [
        gzip(PLAIN),
        gzip(format!("\u{feff}{PLAIN}")),
        [gzip(head), gzip(tail)].concat(),
        [gzip(""), gzip(PLAIN)].concat(),
    ] {
        assert_eq!(items("p.csv.gz", &bytes), expected);
        assert_eq!(items("p.csv", &bytes), expected, "the content decides");
    }
    assert_eq!(items("p.TSV.GZ", gzip("prompt\tid\np\ta\n"))[0].id.as_str(), "a");
    assert_eq!(items("p.jsonl.gz", gzip("{\"prompt\":\"p\",\"id\":7}"))[0].id.as_str(), "7");
}

#[test]
fn compressed_data_that_is_cut_or_damaged_is_told_where_reading_stopped() {
    let text: String =
        (0..20_000).map(|row| format!("{row},{}\n", blake3::hash(&[row as u8, (row >> 8) as u8]))).collect();
    let whole = gzip(format!("id,prompt\n{text}"));
    let cut = faults("p.csv.gz", &whole[..whole.len() / 2]);
    let line: u64 = cut[0].split(':').nth(1).unwrap().parse().unwrap();
    assert!(cut.len() == 1 && (5_000..15_000).contains(&line), "{cut:?}");
    assert!(
        cut[0].ends_with("cannot be read on from here: its gzip data is cut off; copy the whole file again"),
        "{cut:?}"
    );
    let mut damaged = whole.clone();
    let sum = damaged.len() - 8;
    damaged[sum] ^= 1;
    let damaged = faults("p.csv.gz", &damaged);
    assert!(damaged[0].ends_with("its gzip data is damaged; copy the file again, or compress it again"), "{damaged:?}");
    for length in 2..18 {
        let found = faults("p.jsonl.gz", &gzip("{\"prompt\":\"p\"}")[..length]);
        assert!(
            found.len() == 1 && found[0].contains("the file cannot be read on from here: its gzip data"),
            "{found:?}"
        );
    }
    let header = faults("p.csv.gz", &gzip("id,prompt\n")[..16]);
    assert!(header.len() == 1 && header[0].contains("its gzip data is cut off"), "{header:?}");
}

#[test]
fn a_name_that_promises_compression_is_held_to_it() {
    for text in ["prompt\np\n", ""] {
        let found = faults("p.csv.gz", text);
        assert!(found.len() == 1 && found[0].contains("1:1: the file is not compressed with gzip"), "{found:?}");
    }
}

#[test]
fn what_grows_a_thousandfold_when_it_is_decompressed_is_held_to_the_longest_row() {
    let bomb = gzip([&b"id,prompt\na,"[..], &vec![b'x'; LONGEST_ROW + 1], b"\nb,\n"].concat());
    assert!(bomb.len() < LONGEST_ROW / 40, "{} bytes", bomb.len());
    let found = faults("p.csv.gz", bomb);
    assert_eq!(found[0], "p.csv.gz:2: this row is longer than 16 MiB; look for a quote that is not closed");
    assert!(found[1].starts_with("p.csv.gz:3:3: `prompt` is empty"), "{found:?}");
}
