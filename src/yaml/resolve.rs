//! Which plain texts are something other than text to a parser.
//!
//! Every parser has its own answer. The rules here are the union of theirs: PyYAML's `SafeLoader` (YAML 1.1), js-yaml
//! 3 and 4 (some of each), npm `yaml` 1 and 2 and `serde_yaml_ng` (YAML 1.2's core schema), and `gopkg.in/yaml.v2` and
//! `.v3`, whose forks read manifests for kubectl (`sigs.k8s.io/yaml`) and kustomize (`kyaml`).

/// Whether any of the parsers reads a plain text as something else: a number, a boolean, null, a date, a merge key.
///
/// `text` is neither empty nor does it start with a character that has a meaning in YAML.
pub fn is_not_text(text: &str) -> bool {
    match text.as_bytes() {
        // `=` is YAML 1.1's default value, and an error to PyYAML.
        b"~" | b"<<" | b"=" => true,
        [b'a'..=b'z' | b'A'..=b'Z', ..] => is_word(text),
        bytes @ [b'0'..=b'9', ..] => is_number(bytes) || is_time(bytes),
        bytes @ [b'+' | b'-' | b'.', ..] => is_number(bytes),
        _ => false,
    }
}

/// Null and the booleans: of YAML 1.2 the first three, of 1.1 also the others. The single letters are Go's only.
///
/// They are known in lower case, in upper case, and with a capital; `nULL` is text.
fn is_word(text: &str) -> bool {
    const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let tail = text.get(1..).unwrap_or_default();
    let one_case = |is_case: fn(&u8) -> bool| tail.bytes().all(|byte| is_case(&byte));
    let first_is_upper = text.starts_with(|char: char| char.is_ascii_uppercase());
    (one_case(u8::is_ascii_lowercase) || first_is_upper && one_case(u8::is_ascii_uppercase))
        && WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// A number of any kind. Go drops every `_` before it looks at one (`0_x1F`), the others allow it in some places.
fn is_number(text: &[u8]) -> bool {
    let without = || text.iter().copied().filter(|byte| *byte != b'_').collect::<Vec<u8>>();
    is_numeral(text) || is_sexagesimal(text) || text.contains(&b'_') && is_numeral(&without())
}

fn is_numeral(text: &[u8]) -> bool {
    let unsigned = text.strip_prefix(b"+").or(text.strip_prefix(b"-"));
    let has_sign = unsigned.is_some();
    match unsigned.unwrap_or(text) {
        // Go allows the sign also here, if there is none before.
        [b'0', b'b', b'+' | b'-', digits @ ..] if !has_sign => is_based(digits, is_binary_digit),
        [b'0', b'o', b'+' | b'-', digits @ ..] if !has_sign => is_based(digits, is_octal_digit),
        [b'0', b'b' | b'B', digits @ ..] => is_based(digits, is_binary_digit),
        [b'0', b'o' | b'O', digits @ ..] => is_based(digits, is_octal_digit),
        [b'0', b'x' | b'X', digits @ ..] => is_based(digits, u8::is_ascii_hexdigit),
        // The others know no more than `.inf`, `.Inf` and `.INF`, npm `yaml` 1 knows any case.
        [b'.', word @ ..] if word.eq_ignore_ascii_case(b"inf") => true,
        [b'.', word @ ..] if word.eq_ignore_ascii_case(b"nan") => !has_sign,
        unsigned => is_decimal(unsigned),
    }
}

/// The digits behind `0b`, `0o` or `0x`. PyYAML fails where there is nothing but `_`.
fn is_based(digits: &[u8], is_digit: fn(&u8) -> bool) -> bool {
    !digits.is_empty() && digits.iter().all(|digit| *digit == b'_' || is_digit(digit))
}

fn is_binary_digit(digit: &u8) -> bool {
    matches!(digit, b'0' | b'1')
}

fn is_octal_digit(digit: &u8) -> bool {
    matches!(digit, b'0'..=b'7')
}

/// `1`, `012`, `1.`, `.5`, `1e3`.
fn is_decimal(text: &[u8]) -> bool {
    let (mut digits, mut dot, mut exponent) = (0, false, false);
    let mut before = b' ';
    for byte in text {
        match byte {
            b'0'..=b'9' => digits += 1,
            b'.' if !dot && !exponent => dot = true,
            // js-yaml 3 needs no other digit: `._e1`.
            b'_' if dot && !exponent => digits += 1,
            b'e' | b'E' if !exponent && digits > 0 => (exponent, digits) = (true, 0),
            b'+' | b'-' if matches!(before, b'e' | b'E') => {}
            _ => return false,
        }
        before = *byte;
    }
    digits > 0
}

/// Base 60, of YAML 1.1: `12:30:00`, or with a fraction `0:30.5`. Without one the first digit is not 0.
fn is_sexagesimal(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"+").or(text.strip_prefix(b"-")).unwrap_or(text);
    let (whole, has_fraction) = match text.iter().position(|byte| *byte == b'.') {
        Some(dot) if text[dot + 1..].iter().all(|byte| matches!(byte, b'0'..=b'9' | b'_')) => {
            (&text[..dot], true)
        }
        Some(_) => return false,
        None => (text, false),
    };
    let mut parts = whole.split(|byte| *byte == b':');
    let starts = match parts.next() {
        Some([b'0', ..]) if !has_fraction => false,
        Some([b'0'..=b'9', rest @ ..]) => rest.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'_')),
        _ => false,
    };
    let mut more = parts.peekable();
    starts
        && more.peek().is_some()
        && more.all(|part| matches!(part, [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']))
}

/// A date or a time, whether or not there is such a day: PyYAML fails at `2001-02-30`.
fn is_time(text: &[u8]) -> bool {
    let Some(rest) = date(text) else { return false };
    match rest {
        [] => true,
        [b'T' | b't', clock @ ..] => time(clock).is_some_and(is_zone),
        [b' ', clock @ ..] => time(clock.trim_ascii_start()).is_some_and(is_zone),
        _ => false,
    }
}

/// What follows `2001-12-14` or `2001-1-1`.
fn date(text: &[u8]) -> Option<&[u8]> {
    let text = digits(text, 4, 4)?.strip_prefix(b"-")?;
    let text = digits(text, 1, 2)?.strip_prefix(b"-")?;
    digits(text, 1, 2)
}

/// What follows `21:59:43`, or `21:59:43.10`. Go allows a comma for the dot, and one digit for two.
fn time(text: &[u8]) -> Option<&[u8]> {
    let text = digits(text, 1, 2)?.strip_prefix(b":")?;
    let text = digits(text, 1, 2)?.strip_prefix(b":")?;
    let text = digits(text, 1, 2)?;
    match text {
        [b'.', fraction @ ..] => digits(fraction, 0, usize::MAX),
        [b',', fraction @ ..] => digits(fraction, 1, usize::MAX),
        _ => Some(text),
    }
}

/// `Z`, `+1`, `-05:30`, or nothing.
fn is_zone(text: &[u8]) -> bool {
    match text.trim_ascii_start() {
        [] | [b'Z'] => true,
        [b'+' | b'-', hours @ ..] => match digits(hours, 1, 2) {
            Some([b':', minutes @ ..]) => digits(minutes, 2, 2) == Some(&[]),
            rest => rest == Some(&[]),
        },
        _ => false,
    }
}

/// What follows `least` digits, and up to `most` of them.
fn digits(text: &[u8], least: usize, most: usize) -> Option<&[u8]> {
    let count = text.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    if count >= least { text.get(count..) } else { None }
}
