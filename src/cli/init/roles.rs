//! Which column of a list tells what: by its name in the languages of shops, and by what stands in it. Never asks a
//! person.

use std::collections::HashSet;

use super::survey::Survey;
use crate::domain::is_address;
use crate::job::manifest::names;

/// Names of columns, without blanks, signs and accents, the likeliest first.
const TITLES: &str = "title producttitle productname itemname itemtitle name titel bezeichnung artikelbezeichnung \
    produktbezeichnung produktname artikelname produkttitel product produkt item artikel article titulo titre titolo \
    nombre nom nome naam nazwa navn namn designation denominazione productlabel label headline subject";
const TEXTS: &str = "bodyhtml description productdescription longdescription body beschreibung produktbeschreibung \
    artikelbeschreibung langbeschreibung langtext shortdescription kurzbeschreibung kurztext details descripcion \
    descrizione descricao omschrijving opis beskrivelse beskrivning text desc seodescription metadescription";
const IDS: &str = "handle urlhandle sku variantsku id productid itemid productsku articleid artikelid artikelnr \
    artikelnummer artnr artno articleno articlenumber itemno itemnumber itemcode productcode productno productnumber \
    produktnr produktnummer bestellnr bestellnummer partnumber mpn code ref reference referenz referencia ean gtin \
    barcode variantbarcode slug key nr nummer number no codigo codice numero";
const PICTURES: &str = "imagesrc productimageurl imagelink images image imageurl imageurls imagefile imagepath mainimage \
    mainimageurl mainimagelink featuredimage photo photos photourl picture pictures pictureurl img imgurl imgsrc bild \
    bilder bildurl bilddatei bildlink hauptbild produktbild foto fotos imagen imagenes immagine immagini afbeelding \
    image1 bild1 foto1 photo1 variantimage additionalimagelink";
const PROMPTS: &str = "prompt prompts imageprompt promptimage bildprompt";

/// What the rows of WooCommerce are that are no products of their own.
const VARIATION: (&str, &str) = ("Type", "variation");

/// The endings of images.
const ENDINGS: [&str; 4] = [".jpg", ".jpeg", ".png", ".webp"];

/// A title is no longer on average, in characters.
const LONGEST_TITLE: usize = 150;

/// What the columns of a list tell.
#[derive(Debug, Clone, Default)]
pub struct Roles {
    /// What is asked, already in words.
    pub prompt: Option<String>,
    /// What a product is called.
    pub title: Option<String>,
    /// What is said of it.
    pub text: Option<String>,
    /// Where its pictures are.
    pub pictures: Option<Pictures>,
    /// A column, and its value in rows that are no products of their own.
    pub variations: Option<(&'static str, &'static str)>,
}

/// A column that tells where pictures are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pictures {
    /// Its name.
    pub column: String,
    /// What stands between several in one cell.
    pub separator: Option<&'static str>,
    /// Whether every row has one.
    pub in_every_row: bool,
}

impl Roles {
    /// What the columns of this list probably tell.
    pub fn of(survey: &Survey) -> Self {
        let title = title(survey);
        let variations = Some(VARIATION).filter(|(column, value)| survey.cells(column).any(|cell| cell == *value));
        let taken = survey.without(title.as_deref().unwrap_or_default(), variations);
        let products = if title.is_some() { &taken } else { survey };
        Self {
            prompt: named(survey, PROMPTS).find(|column| survey.filled(column).any(has_letters)).map(str::to_owned),
            text: text(products, title.as_deref()),
            pictures: pictures(products),
            title,
            variations,
        }
    }
}

/// The columns that can name the products of these rows: a value in each, and no two alike.
pub fn keys(products: &Survey) -> impl Iterator<Item = &str> {
    named(products, IDS).filter(|column| products.is_key(column) && products.cells(column).all(fits_a_name))
}

/// The first column, if it can name the products though its name does not say so.
pub fn first_as_key(products: &Survey) -> Option<&str> {
    let first = products.columns().first().filter(|first| !first.is_empty() && products.is_key(first))?;
    products.cells(first).all(|cell| fits_a_name(cell) && !cell.contains(char::is_whitespace)).then_some(first)
}

fn fits_a_name(cell: &str) -> bool {
    cell.len() <= names::LONGEST_NAME && !cell.contains("://")
}

/// The columns that have one of these names, the likeliest first.
fn named<'a>(survey: &'a Survey, names: &'static str) -> impl Iterator<Item = &'a str> {
    let columns: Vec<(String, &str)> =
        survey.columns().iter().map(|column| (slug::slugify(column).replace('-', ""), column.as_str())).collect();
    names.split_whitespace().flat_map(move |name| {
        let same = columns.iter().filter(move |(plain, _)| plain == name).map(|(_, column)| *column);
        same.collect::<Vec<_>>()
    })
}

/// The column of titles: one that is called so, else the one with the most short texts that differ.
fn title(survey: &Survey) -> Option<String> {
    let called: Vec<&str> = named(survey, TITLES).filter(|column| survey.filled(column).any(has_letters)).collect();
    let most = called.iter().map(|column| differing(survey, column)).max().unwrap_or_default();
    // What is the same for every product is no title of it, whatever it is called.
    if let Some(column) = called.into_iter().find(|column| differing(survey, column) * 3 >= most * 2) {
        return Some(column.to_owned());
    }
    let texts = survey.columns().iter().filter(|column| !column.is_empty() && is_of_titles(survey, column));
    // Of several, the first.
    texts.rev().max_by_key(|column| differing(survey, column)).cloned()
}

/// How many different values stand in a column.
fn differing(survey: &Survey, column: &str) -> usize {
    survey.filled(column).collect::<HashSet<_>>().len()
}

fn is_of_titles(survey: &Survey, column: &str) -> bool {
    let cells: Vec<&str> = survey.filled(column).collect();
    let worded = cells.iter().filter(|cell| has_letters(cell) && !is_picture(cell)).count();
    let length: usize = cells.iter().map(|cell| cell.chars().count()).sum();
    !cells.is_empty() && worded * 5 >= cells.len() * 4 && length <= cells.len() * LONGEST_TITLE
}

fn has_letters(cell: &str) -> bool {
    cell.chars().filter(|c| c.is_alphabetic()).count() >= 2
}

/// The column that says most of the products, in words that are not the title's.
fn text(products: &Survey, title: Option<&str>) -> Option<String> {
    let texts =
        named(products, TEXTS).filter(|column| Some(*column) != title && products.filled(column).any(has_letters));
    let texts: Vec<&str> = texts.collect();
    let often = texts.iter().find(|column| products.share(column) >= 0.3);
    often.or(texts.first()).map(|column| (*column).to_owned())
}

/// The column of pictures: one that is called so, else one of files or addresses that end like images'.
fn pictures(products: &Survey) -> Option<Pictures> {
    let holds = |column: &str, is_one: fn(&str) -> bool| {
        products.filled(column).next().is_some() && products.filled(column).all(|cell| is_one(first_of(cell)))
    };
    let mut all = products.columns().iter().map(String::as_str).filter(|column| !column.is_empty());
    let called = named(products, PICTURES).find(|column| holds(column, is_picture));
    let column = called.or_else(|| all.find(|column| holds(column, ends_like_an_image)))?;
    let separator = SEPARATORS.iter().find(|separator| products.filled(column).any(|cell| splits(cell, separator)));
    Some(Pictures {
        column: column.to_owned(),
        separator: separator.copied(),
        in_every_row: products.cells(column).all(|cell| !cell.is_empty()),
    })
}

/// What shops write between the pictures of a cell. A comma may stand in an address.
const SEPARATORS: [&str; 5] = [", ", ";", "|", ",", "\n"];

fn splits(cell: &str, separator: &str) -> bool {
    let parts: Vec<&str> = cell.split(separator).map(str::trim).collect();
    parts.len() > 1 && parts.iter().all(|part| is_picture(part) || part.is_empty())
}

/// The first picture of a cell that may hold several.
fn first_of(cell: &str) -> &str {
    let separator = SEPARATORS.iter().find(|separator| splits(cell, separator));
    let parts = separator.and_then(|separator| cell.split(separator).map(str::trim).find(|part| !part.is_empty()));
    parts.unwrap_or(cell)
}

/// Whether this is the address of something, or a path that ends like an image's.
fn is_picture(text: &str) -> bool {
    is_one_address(text) || ends_like_an_image(text)
}

/// Whether this is an address that can be fetched, and nothing besides.
fn is_one_address(text: &str) -> bool {
    is_address(text) && !text.contains(char::is_whitespace)
}

/// Whether a path, or the path of an address, ends like an image's.
fn ends_like_an_image(text: &str) -> bool {
    let path = if is_one_address(text) { text.split(['?', '#']).next().unwrap_or(text) } else { text };
    let path = path.to_lowercase();
    ENDINGS.iter().any(|ending| path.ends_with(ending))
}
