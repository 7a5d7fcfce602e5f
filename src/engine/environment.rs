//! `husako:host/environment`: what `URL`, `TextDecoder` and their like ask of the host. See `src/sdk/host_environment.d.ts`.

use encoding_rs::{DecoderResult, Encoding};
use rquickjs::module::{Declarations, Exports, ModuleDef};
use rquickjs::prelude::Func;
use rquickjs::{Ctx, Object, Result, TypedArray};
use url::{Url, form_urlencoded, quirks};

/// The native module.
pub(super) struct EnvironmentModule;

impl ModuleDef for EnvironmentModule {
    fn declare(declare: &Declarations<'_>) -> Result<()> {
        for name in
            ["parseUrl", "setUrl", "parseQuery", "writeQuery", "encodeText", "encodingOf", "decodeText"]
        {
            declare.declare(name)?;
        }
        Ok(())
    }

    fn evaluate<'js>(_: &Ctx<'js>, exports: &Exports<'js>) -> Result<()> {
        exports.export("parseUrl", Func::from(parse_url))?;
        exports.export("setUrl", Func::from(set_url))?;
        exports.export("parseQuery", Func::from(parse_query))?;
        exports.export("writeQuery", Func::from(write_query))?;
        exports.export("encodeText", Func::from(encode_text))?;
        exports.export("encodingOf", Func::from(encoding_of))?;
        exports.export("decodeText", Func::from(decode_text))?;
        Ok(())
    }
}

/// The parts of a URL as the standard names them. <https://url.spec.whatwg.org/#api>
fn parts(url: &Url) -> Vec<String> {
    let parts = [
        quirks::href(url),
        &quirks::origin(url),
        quirks::protocol(url),
        quirks::username(url),
        quirks::password(url),
        quirks::host(url),
        quirks::hostname(url),
        quirks::port(url),
        quirks::pathname(url),
        quirks::search(url),
        quirks::hash(url),
    ];
    parts.map(str::to_owned).to_vec()
}

fn parse_url(text: String, base: Option<String>) -> Option<Vec<String>> {
    let url = match base {
        Some(base) => Url::parse(&base).ok()?.join(&text).ok()?,
        None => Url::parse(&text).ok()?,
    };
    Some(parts(&url))
}

fn set_url(href: String, part: String, value: String) -> Option<Vec<String>> {
    let mut url = Url::parse(&href).ok()?;
    // What cannot be set stays as it is; only an address as a whole must be one.
    let _unchanged = match part.as_str() {
        "href" => {
            quirks::set_href(&mut url, &value).ok()?;
            Ok(())
        }
        "protocol" => quirks::set_protocol(&mut url, &value),
        "username" => quirks::set_username(&mut url, &value),
        "password" => quirks::set_password(&mut url, &value),
        "host" => quirks::set_host(&mut url, &value),
        "hostname" => quirks::set_hostname(&mut url, &value),
        "port" => quirks::set_port(&mut url, &value),
        "pathname" => {
            quirks::set_pathname(&mut url, &value);
            Ok(())
        }
        "search" => {
            quirks::set_search(&mut url, &value);
            Ok(())
        }
        "hash" => {
            quirks::set_hash(&mut url, &value);
            Ok(())
        }
        _ => Err(()),
    };
    Some(parts(&url))
}

fn parse_query(text: String) -> Vec<String> {
    form_urlencoded::parse(text.as_bytes())
        .flat_map(|(name, value)| [name.into_owned(), value.into_owned()])
        .collect()
}

fn write_query(pairs: Vec<String>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for pair in pairs.chunks_exact(2) {
        query.append_pair(&pair[0], &pair[1]);
    }
    query.finish()
}

fn encode_text<'js>(ctx: Ctx<'js>, text: String) -> Result<TypedArray<'js, u8>> {
    TypedArray::new_copy(ctx, text.into_bytes())
}

fn encoding_of(label: String) -> Option<String> {
    Encoding::for_label_no_replacement(label.as_bytes()).map(|encoding| encoding.name().to_ascii_lowercase())
}

/// How many bytes at the end are the beginning of a character.
fn unfinished(encoding: &'static Encoding, bytes: &[u8]) -> usize {
    if encoding == encoding_rs::UTF_8 {
        // At most three bytes of a character can be there without its last.
        let from = bytes.len().saturating_sub(3);
        let begins = (from..bytes.len()).rev().find(|at| bytes[*at] & 0xC0 != 0x80);
        let Some(begins) = begins else { return 0 };
        let wanted = match bytes[begins] {
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            _ => 1,
        };
        let there = bytes.len() - begins;
        return if there < wanted { there } else { 0 };
    }
    let high = |pair: &[u8]| {
        let byte = if encoding == encoding_rs::UTF_16LE { pair[1] } else { pair[0] };
        (0xD8..=0xDB).contains(&byte)
    };
    if encoding == encoding_rs::UTF_16LE || encoding == encoding_rs::UTF_16BE {
        let odd = bytes.len() % 2;
        let even = &bytes[..bytes.len() - odd];
        return odd + if even.len() >= 2 && high(&even[even.len() - 2..]) { 2 } else { 0 };
    }
    0
}

fn decode_text<'js>(
    ctx: Ctx<'js>,
    encoding: String,
    bytes: TypedArray<'js, u8>,
    fatal: bool,
    more: bool,
) -> Result<Option<Object<'js>>> {
    let encoding = Encoding::for_label(encoding.as_bytes()).unwrap_or(encoding_rs::UTF_8);
    // One by one: a view of the engine's memory could change under us.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let bytes = (0..length).map(|at| bytes.as_object().get(at)).collect::<Result<Vec<u8>>>()?;
    let bytes = bytes.as_slice();
    let left = if more { unfinished(encoding, bytes) } else { 0 };
    let bytes = &bytes[..bytes.len() - left];
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::new();
    if fatal {
        let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
        text.reserve(room.unwrap_or(bytes.len() * 3));
        let (result, _) = decoder.decode_to_string_without_replacement(bytes, &mut text, true);
        if matches!(result, DecoderResult::Malformed(..)) {
            return Ok(None);
        }
    } else {
        text.reserve(decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len() * 3));
        let (_result, _read, _replaced) = decoder.decode_to_string(bytes, &mut text, true);
    }
    let told = Object::new(ctx)?;
    told.set("text", text)?;
    told.set("left", left)?;
    Ok(Some(told))
}
