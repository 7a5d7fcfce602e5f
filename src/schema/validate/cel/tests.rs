//! Rules in the style of published CRDs, with what a Kubernetes 1.36 API server says of each.

use serde_json::{Value, json};

use super::{Budget, Outcome, Program};
use crate::schema::validate::structural::StructuralSchema;

/// They hold.
const HOLD: &[&str] = &[
    "self.i > 3",
    "self.i + self.j == 2",
    "self.i / 2 == 2",
    "self.i % 2 == 1",
    "self.i * 1000000000000000000 > 0",
    "self.n > 2",
    "self.n == 2.5",
    "self.i < 5.5",
    "-self.i == -5",
    "self.n * 2.0 == 5.0",
    "self.n / 0.0 > 1.0",
    "self.s.size() == 11",
    "size(self.t) == 3",
    "self.t.size() == 3",
    "self.s.startsWith('hello')",
    r#"self.s.endsWith("World")"#,
    "self.s.contains('lo W')",
    "self.s.matches('^hel+o')",
    r#"self.s.matches('World$') && self.s.matches("o W")"#,
    "self.s.lowerAscii() == 'hello world'",
    "self.s.upperAscii() == 'HELLO WORLD'",
    "self.s.indexOf('o') == 4",
    "self.s.indexOf('o', 5) == 7",
    "self.s.indexOf('') == 0",
    "self.s.indexOf('o', 50) == -1",
    "self.s.lastIndexOf('o') == 7",
    "self.s.lastIndexOf('o', 6) == 4",
    "self.s.lastIndexOf('') == 11",
    "self.s.charAt(0) == 'h'",
    "self.s.charAt(11) == ''",
    "self.s.replace('l', 'L') == 'heLLo WorLd'",
    "self.s.replace('l', 'L', 1) == 'heLlo World'",
    "self.s.replace('', '-') != ''",
    "self.s.split(' ').size() == 2",
    "self.s.split('l', 2) == ['he', 'lo World']",
    "self.s.split('l', 0) == []",
    "self.s.split('', 3) == ['h','e','llo World']",
    "self.s.substring(6) == 'World'",
    "self.s.substring(0, 5) == 'hello'",
    "'  a '.trim() == 'a'",
    "self.ls.join(',') == 'a,b,c'",
    "self.ls.join() == 'abc'",
    "['a', self.s].join('-') == 'a-hello World'",
    r#""%s is %d".format([self.s, self.i]) == 'hello World is 5'"#,
    r#""%s".format([self.l]) == '[1, 2, 3]'"#,
    r#""%.2f".format([self.n]) == '2.50'"#,
    r#""%x %X %o %b".format([255, 255, 8, 5]) == 'ff FF 10 101'"#,
    r#""%s %s %s".format([true, 1.5, null]) == 'true 1.5 null'"#,
    r#""%s".format([duration('90s')]) == '90s'"#,
    r#""%d%%".format([5]) == '5%'"#,
    r#"strings.quote('a"b') == '"a\\"b"'"#,
    "self.l.all(x, x > 0)",
    "self.l.exists(x, x == 2)",
    "self.l.exists_one(x, x > 2)",
    "self.l.map(x, x * 2) == [2, 4, 6]",
    "self.l.map(x, x > 1, x * 2) == [4, 6]",
    "self.l.filter(x, x > 1).size() == 2",
    "self.l.exists(x, 10 / (x - 2) > 0)",
    "self.m.all(k, k.startsWith('k'))",
    "self.m.exists(k, self.m[k] == 'v2')",
    "self.m['k'] == 'v'",
    "self.m.k == 'v'",
    "'k' in self.m",
    "2 in self.l",
    "!(7 in self.l)",
    "self.i in [1, 5]",
    "self.s in ['x', 'hello World']",
    "has(self.s) && has(self.o.x)",
    "has(self.m.k) && !has(self.m.z)",
    "self.l[0] == 1",
    "self.l.sum() == 6",
    "self.l.min() == 1 && self.l.max() == 3",
    "self.l.isSorted()",
    "self.l.indexOf(2) == 1 && self.l.lastIndexOf(9) == -1",
    "[].sum() == 0",
    "self.ls.min() == 'a'",
    "self.l + [4] == [1,2,3,4]",
    "self.set + ['a', 'z'] == ['a', 'b', 'z']",
    "self.set == ['b', 'a']",
    "self.lm.exists(e, e.name == 'a' && e.v == 1)",
    "self.lm.all(a, self.lm.exists_one(b, a.name == b.name))",
    "self.lm.map(e, e.name).join('') == 'ab'",
    "self.lm.filter(e, e.name == 'b')[0].v == 2",
    "self.p == 80",
    "type(self.p) == int && self.p < 100",
    "type(self.p) == int ? self.p < 100 : self.p.matches('x')",
    "type(self.q) == string ? self.q.matches('^[0-9]+%$') : true",
    "self.p.startsWith('x') || self.p == 80",
    "int(self.q.replace('%', '')) == 50",
    "double(self.q.replace('%','')) < 60.0",
    "string(self.p) == '80'",
    "self.d > duration('1h')",
    "self.d == duration('90m')",
    "self.d.getMinutes() == 90",
    "self.d + duration('30m') == duration('2h')",
    "self.ts.getFullYear() == 2024 && self.ts.getMonth() == 1 && self.ts.getDate() == 29",
    "self.ts.getDayOfMonth() == 28 && self.ts.getDayOfWeek() == 4 && self.ts.getDayOfYear() == 59",
    "self.ts.getHours() == 12 && self.ts.getMinutes() == 34 && self.ts.getSeconds() == 56 && self.ts.getMilliseconds() == 789",
    "self.ts.getHours('+02:00') == 14",
    "self.ts > timestamp('2024-01-01T00:00:00Z')",
    "self.ts - timestamp('2024-02-29T12:34:56Z') < duration('1s')",
    "self.ts + duration('1h') > self.ts",
    "string(self.ts) == '2024-02-29T12:34:56.789Z'",
    "string(self.d) == '5400s'",
    "string(duration('1.5s')) == '1.5s'",
    "string(1.0) == '1' && string(1e21) == '1e+21' && string(0.00001) == '1e-05'",
    "self.dt == timestamp('2024-02-29T00:00:00Z')",
    "self.by == b'hi'",
    "self.by.size() == 2",
    "string(self.by) == 'hi'",
    "int('5') == self.i",
    "int(5.9) == 5",
    "int('+5') == 5",
    "uint(5) == 5u",
    "5u < 6",
    "double('1e3') == 1000.0",
    "double(5) == 5.0",
    "bool('true')",
    "bytes('hi') == b'hi'",
    "int(timestamp('1970-01-01T00:01:00Z')) == 60",
    "type(self.i) == int && type(self.s) == string && type(self.l) == list && type(self.m) == map && type(self.b) == bool && type(self.n) == double",
    "type(self.ts) == google.protobuf.Timestamp",
    "type(null) == null_type",
    "dyn(self.s) == 'hello World'",
    "self.a__dash__b == 'dash'",
    "self.x__dot__y == 'dot'",
    "self.__namespace__ == 'ns'",
    "self.namespace == 'ns'",
    "self.a__underscores__b == 'us'",
    "self.c__slash__d == 'sl'",
    "has(self.a__dash__b)",
    "self.?s.orValue('x') == 'hello World'",
    "self.o.?y.hasValue()",
    "self.m[?'zz'].orValue('none') == 'none'",
    "self.l[?9].orValue(0) == 0",
    "self.?o.?x.orValue(9) == 1",
    "optional.of(1).value() == 1",
    "self.?s.optMap(v, v.size()).orValue(0) == 11",
    "self.m.?k.optFlatMap(v, optional.of(v + 'x')).value() == 'vx'",
    "self.m.?zz.or(self.m.?k).value() == 'v'",
    "[?self.m.?zz, ?self.m.?k].size() == 1",
    "{?'a': self.m.?zz, 'b': 'c'}.size() == 1",
    "self.l.all(i, v, v == i + 1)",
    "self.l.exists(i, v, v == 3 && i == 2)",
    "self.m.all(k, v, v.startsWith('v'))",
    "self.l.transformList(i, v, v * i) == [0, 2, 6]",
    "self.l.transformList(i, v, v > 1, v * i) == [2, 6]",
    "self.m.transformMap(k, v, v + k) == {'k': 'vk', 'k2': 'v2k2'}",
    "self.m.transformMap(k, v, k == 'k', v + k) == {'k': 'vk'}",
    "self.m.transformMapEntry(k, v, {v: k}) == {'v': 'k', 'v2': 'k2'}",
    "{'a': 1, 'b': 2}.size() == 2",
    "{'a': 1}.a == 1",
    "{1: 'x'}[1] == 'x'",
    "[1, 2] == [1, 2] && [1] != [2]",
    "true ? true : false",
    "self.b || 1/0 == 1",
    "1/0 == 1 || self.b",
    "'a' < 'b' && 'ä' > 'z'",
    r#"self.s == "hello World" && self.s != 'x'"#,
    r#""\u00e4" == 'ä'"#,
    r#"r'\d' == '\\d'"#,
    r#""""a""" == 'a'"#,
    r#"self.s.find('[A-Z]\\w+') == 'World'"#,
    "self.s.find('[0-9]') == ''",
    "self.s.findAll('o').size() == 2",
    "self.s.findAll('o', 1).size() == 1",
    "self.s.findAll('o', -1).size() == 2",
    "self.s.findAll('o', 0).size() == 0",
    "isURL('https://a.b/c') && !isURL('a b') && isURL('/x')",
    "url('https://user:p@example.com:80/p%20a/b?x=1&x=2&y=a+b#f').getHost() == 'example.com:80'",
    "url('https://example.com:80/p%20a/b?x=1').getHostname() == 'example.com'",
    "url('https://example.com:80/p').getPort() == '80'",
    "url('https://[::1]:80/').getHostname() == '::1' && url('https://[::1]:80/').getPort() == '80'",
    "url('https://example.com/p%20a/b').getEscapedPath() == '/p%20a/b'",
    "url('https://e.com/a?x=1&x=2&y=a+b').getQuery() == {'x': ['1', '2'], 'y': ['a b']}",
    "url('https://e.com/a?x').getQuery()['x'] == ['']",
    "url('HTTPS://E.com').getScheme() == 'https'",
    "url('/a/b').getScheme() == '' && url('/a/b').getHost() == ''",
    "url('https://e.com/a b').getEscapedPath() == '/a%20b'",
    "isQuantity('1.5Gi') && isQuantity('100m') && !isQuantity('1.5Gib') && !isQuantity('')",
    "isQuantity('1e3') && isQuantity('-5') && isQuantity('.5') && isQuantity('5.')",
    "quantity('1Gi').isGreaterThan(quantity('1G'))",
    "quantity('500m').isLessThan(quantity('1'))",
    "quantity('1k').compareTo(quantity('1000')) == 0",
    "quantity('1k') == quantity('1000')",
    "sign(quantity('5')) == 1",
    "quantity('50k').isInteger() && quantity('50k').asInteger() == 50000",
    "quantity('1.5k').isInteger()",
    "quantity('1.5').asApproximateFloat() == 1.5",
    "quantity('50k').add(quantity('20k')).asInteger() == 70000",
    "quantity('50k').add(20) == quantity('50020')",
    "quantity('50k').sub(quantity('20k')) == quantity('30k')",
    "quantity('50k').sub(20000).sub(5) == quantity('29995')",
    "isIP('1.2.3.4') && isIP('::1') && !isIP('1.2.3') && !isIP('::ffff:1.2.3.4') && !isIP('fe80::1%eth0')",
    "ip('127.0.0.1').isLoopback() && ip('::1').family() == 6 && ip('1.2.3.4').family() == 4",
    "ip('0.0.0.0').isUnspecified() && ip('169.254.1.1').isLinkLocalUnicast() && ip('224.0.0.1').isLinkLocalMulticast() && ip('8.8.8.8').isGlobalUnicast()",
    "ip('fe80::1').isLinkLocalUnicast() && ip('ff02::1').isLinkLocalMulticast() && !ip('255.255.255.255').isGlobalUnicast()",
    "ip.isCanonical('::1') && !ip.isCanonical('0:0::1')",
    "string(ip('::1')) == '::1'",
    "ip('1.2.3.4') == ip('1.2.3.4')",
    "isCIDR('10.0.0.0/8') && !isCIDR('10.0.0.0') && !isCIDR('10.0.0.0/33') && isCIDR('::/0') && !isCIDR('::ffff:1.2.3.4/100')",
    "cidr('10.0.0.0/8').containsIP('10.1.2.3') && cidr('10.0.0.0/8').containsIP(ip('10.1.2.3')) && !cidr('10.0.0.0/8').containsIP('11.0.0.1')",
    "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && cidr('10.0.0.0/8').containsCIDR(cidr('10.1.0.0/16')) && !cidr('10.0.0.0/16').containsCIDR('10.0.0.0/8')",
    "cidr('10.1.2.3/8').ip() == ip('10.1.2.3') && cidr('10.1.2.3/8').prefixLength() == 8 && cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')",
    "string(cidr('10.1.2.3/8').masked()) == '10.0.0.0/8'",
    "sets.contains(self.l, [1, 2]) && sets.intersects(self.l, [3, 9]) && sets.equivalent([1, 1, 2], [2, 1])",
    "!format.dns1123Label().validate('abc').hasValue()",
    "format.dns1123Label().validate('A.b').hasValue()",
    "!format.qualifiedName().validate('a.b/c').hasValue() && format.qualifiedName().validate('a/b/c').hasValue()",
    "!format.labelValue().validate('').hasValue() && !format.uri().validate('/x').hasValue() && !format.uuid().validate('f81d4fae-7dec-11d0-a765-00a0c91e6bf6').hasValue() && !format.byte().validate('aGk=').hasValue() && !format.date().validate('2024-01-01').hasValue() && !format.datetime().validate('2024-01-01T00:00:00Z').hasValue()",
    "!format.dns1123LabelPrefix().validate('abc-').hasValue() && format.dns1123Label().validate('abc-').hasValue() && !format.dns1035LabelPrefix().validate('a-').hasValue() && !format.dns1123SubdomainPrefix().validate('a.b-').hasValue() && format.dns1035Label().validate('1a').hasValue()",
    "isSemver('1.2.3') && !isSemver('1.2') && !isSemver('v1.2.3') && isSemver('v1.2', true) && isSemver('1.2.3-a.1+b')",
    "semver('1.2.3').major() == 1 && semver('1.2.3').minor() == 2 && semver('1.2.3').patch() == 3",
    "semver('1.2.3').isLessThan(semver('1.10.0')) && semver('1.0.0-alpha').isLessThan(semver('1.0.0')) && semver('1.0.0-2').isLessThan(semver('1.0.0-10')) && semver('1.0.0-a.b').isGreaterThan(semver('1.0.0-a'))",
    "semver('v01.02', true) == semver('1.2.0')",
    "semver('1.0.0').compareTo(semver('1.0.0+x')) == 0",
    "[1,1,2].distinct() == [1,2] && [3,1,2].sort() == [1,2,3] && [1,2,3].reverse() == [3,2,1] && [1,2,3].slice(1,2) == [2] && [[1],[2]].flatten() == [1,2] && lists.range(3) == [0,1,2]",
    "[1,2,3].first().value() == 1 && [1,2,3].last().value() == 3",
    "self.ls == ['a', 'b', 'c'] && self.o == self.o && self.m == {'k': 'v', 'k2': 'v2'}",
    "self.o.x == 1 && self.o.y == 'z'",
    "self.s.size() > 5 ? self.i == 5 : self.i == 6",
    "self.l.map(x, self.l.map(y, x * y).sum()).sum() == 36",
    "self.ls.map(x, x + '!').join(' ') == 'a! b! c!'",
    "self.ls.filter(x, x in ['a']).size() == 1",
    "self.lm.map(e, [e.name, string(e.v)].join('='))  == ['a=1', 'b=2']",
];

/// They do not hold.
const DO_NOT_HOLD: &[&str] = &[
    "self.s.matches(self.t)",
    "self.s.lastIndexOf('o', 50) == 7",
    "self.s.split('') == ['h','e']",
    "self.l.all(x, self.ls.exists(y, size(y) == x))",
    "self.l.all(x, 10 / (x - 2) > 0)",
    "'z' in self.m",
    "has(self.nl)",
    "[3, 1].isSorted()",
    "self.m.?zz.hasValue()",
    "optional.none().hasValue()",
    "optional.ofNonZeroValue('').hasValue()",
    "self.l.existsOne(i, v, v > i)",
    "self.l.exists_one(i, v, v > i + 10)",
    "self.b && !self.b",
    "1/0 == 1 && !self.b",
    "quantity('50m').isInteger()",
    "quantity('1000m').isInteger()",
    "quantity('1.5Gi').isInteger()",
    "quantity('1.0').isInteger()",
    "quantity('0.0').isInteger()",
    "quantity('9999999999999999999').isInteger()",
    "cidr('10.0.0.0/8').containsIP('::1')",
    "sets.contains(self.l, [9])",
    "format.named('dns1123Subdomain').value().validate('a.b').hasValue()",
    "format.named('nope').hasValue()",
    "has(self.i) && self.i == 6 || self.s == ''",
];

/// They fail while they run.
const FAIL: &[&str] = &[
    "9223372036854775807 + self.i > 0",
    "self.i / 0 == 1",
    "self.i % 0 == 1",
    "self.s.charAt(12) == ''",
    "self.s.substring(5, 0) == ''",
    "self.s.substring(20) == ''",
    "self.m['nope'] == 'v'",
    "self.l[5] == 1",
    "self.l[-1] == 1",
    "self.q < 5",
    "self.p.matches('x')",
    "optional.none().value() == 1",
    "url('nope') == url('/a')",
    "quantity('nope').isInteger()",
    "quantity('50m').asInteger() == 1",
    "ip.isCanonical('nope')",
    "cidr('nope').prefixLength() == 1",
    "semver('nope').major() == 1",
];

fn schema() -> Value {
    json!({"type": "object", "properties": {
        "s": {"type": "string", "maxLength": 100},
        "t": {"type": "string", "maxLength": 100},
        "i": {"type": "integer"},
        "j": {"type": "integer"},
        "n": {"type": "number"},
        "b": {"type": "boolean"},
        "l": {"type": "array", "items": {"type": "integer"}, "maxItems": 20},
        "ls": {"type": "array", "items": {"type": "string", "maxLength": 20}, "maxItems": 20},
        "m": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 20}, "maxProperties": 10},
        "p": {"x-kubernetes-int-or-string": true},
        "q": {"x-kubernetes-int-or-string": true},
        "d": {"type": "string", "format": "duration"},
        "ts": {"type": "string", "format": "date-time"},
        "dt": {"type": "string", "format": "date"},
        "by": {"type": "string", "format": "byte", "maxLength": 50},
        "o": {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "string"}}},
        "set": {"type": "array", "items": {"type": "string", "maxLength": 9}, "maxItems": 9, "x-kubernetes-list-type": "set"},
        "lm": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 9}, "v": {"type": "integer"}}}, "maxItems": 9, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        "nl": {"type": "string", "nullable": true, "maxLength": 9},
        "a-b": {"type": "string"},
        "x.y": {"type": "string"},
        "namespace": {"type": "string"},
        "a__b": {"type": "string"},
        "c/d": {"type": "string"}
    }})
}

fn document() -> Value {
    json!({
        "s": "hello World",
        "t": "äöü",
        "i": 5,
        "j": -3,
        "n": 2.5,
        "b": true,
        "l": [1, 2, 3],
        "ls": ["a", "b", "c"],
        "m": {"k": "v", "k2": "v2"},
        "p": 80,
        "q": "50%",
        "d": "1h30m",
        "ts": "2024-02-29T12:34:56.789Z",
        "dt": "2024-02-29",
        "by": "aGk=",
        "o": {"x": 1, "y": "z"},
        "set": ["a", "b"],
        "lm": [{"name": "a", "v": 1}, {"name": "b", "v": 2}],
        "nl": null,
        "a-b": "dash",
        "x.y": "dot",
        "namespace": "ns",
        "a__b": "us",
        "c/d": "sl"
    })
}

fn run(source: &str) -> Outcome {
    run_on(source, &schema(), &document())
}

fn run_on(source: &str, schema: &Value, document: &Value) -> Outcome {
    let schema = StructuralSchema::parse(schema);
    match Program::compile(source) {
        Ok(program) => program.run(document, schema.root(), &mut Budget::default()),
        Err(reason) => Outcome::Unchecked(reason),
    }
}

#[test]
fn rules_are_judged_as_the_api_server_judges_them() {
    for rule in HOLD {
        assert_eq!(run(rule), Outcome::True, "{rule}");
    }
    for rule in DO_NOT_HOLD {
        assert_eq!(run(rule), Outcome::False, "{rule}");
    }
    for rule in FAIL {
        let outcome = run(rule);
        assert!(matches!(outcome, Outcome::Error(_) | Outcome::Overload(_)), "{rule} {outcome:?}");
    }
}

#[test]
fn what_is_not_known_is_never_said_to_hold() {
    for rule in [
        "self.i >",
        "nope(self.i)",
        "self.s.nope()",
        "nope == 1",
        "math.greatest(1, 2) == 2",
        "cel.bind(x, 1, x == 1)",
        "self.nosuchfield == 1",
        "!has(self.nosuchfield)",
        "self.ts.getHours('Europe/Berlin') == 1",
        "'%e'.format([1.5]) == 'x'",
        "self.s.matches('(?=a)')",
        "self.i + 1",
        "Object{a: 1} == Object{a: 1}",
        "authorizer.group('').resource('pods').check('get').allowed()",
    ] {
        let outcome = run(rule);
        assert!(matches!(outcome, Outcome::Unchecked(_)), "{rule} {outcome:?}");
    }
}

#[test]
fn an_unknown_part_counts_only_where_it_decides() {
    assert_eq!(run("self.i == 5 || self.ts.getHours('Europe/Berlin') == 1"), Outcome::True);
    assert_eq!(run("self.i == 6 && self.ts.getHours('Europe/Berlin') == 1"), Outcome::False);
}

#[test]
fn rules_that_take_too_much_are_stopped() {
    let schema =
        json!({"type": "object", "properties": {"l": {"type": "array", "items": {"type": "integer"}}}});
    let document = json!({"l": (0..2_000).collect::<Vec<_>>()});
    let growing = format!("'aaaa'{}.size() > 0", ".replace('a', 'aaaaaaaaaaaaaaaa')".repeat(20));
    for rule in [
        "self.l.all(a, self.l.all(b, self.l.all(c, self.l.all(d, a + b + c + d >= 0))))",
        "self.l.map(a, self.l.map(b, self.l.map(c, c))).size() > 0",
        "self.l.map(a, string(a)).map(a, self.l.map(b, a + a).join()).join().size() > 0",
        "self.l.all(a, sets.contains(self.l, self.l))",
        "self.l.all(a, self.l.distinct().size() > 0)",
        "lists.range(9223372036854775807).size() > 0",
        growing.as_str(),
    ] {
        let outcome = run_on(rule, &schema, &document);
        assert!(matches!(outcome, Outcome::Unchecked(_)), "{rule} {outcome:?}");
    }
}

#[test]
fn rules_may_be_any_text() {
    let nests = [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("!", "true", ""),
        ("-", "1", ""),
        ("{1: ", "1", "}"),
        ("true ? 1 : ", "1", ""),
        ("true ? ", "1", " : 1"),
        ("1 + ", "1", ""),
        ("1 + (", "1", ")"),
        ("true && ", "true", ""),
        ("", "self", ".a"),
        ("", "self", "[0]"),
        ("size(", "'a'", ")"),
        ("[1].all(a, ", "true", ")"),
    ];
    for (open, middle, close) in nests {
        for count in [10, 100, 500, 1_000, 5_000, 50_000] {
            run(&format!("{}{middle}{}", open.repeat(count), close.repeat(count)));
        }
    }
    for rule in [
        "\"",
        "'\\",
        "r'",
        "'''",
        "b'\\xff'",
        "'\\u12'",
        "'\\ud800'",
        "`a",
        "self.`a`",
        "1e999",
        "99999999999999999999",
        "0x",
        "@",
        "\u{0}",
        "ä",
        "'ä",
        "a\u{301}.b",
        "//",
        "self..a",
        "has()",
        "has(1)",
        "has(self)",
        "has(self.?a)",
        "x.all()",
        "x.all(1, 2)",
        "[].all(self.a, true)",
        "{}{}",
        "[?",
        "a ? b",
        "..",
        "'a' 'b'",
        "self.all(x, x, x, x)",
        "1.optMap(2, 3)",
        "-9223372036854775808",
    ] {
        run(rule);
    }
}
