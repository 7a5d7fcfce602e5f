/** `URL` and `URLSearchParams`. A part: loaded when one of them is asked for. What it makes is the user's own. */

import { parseQuery, parseUrl, setUrl, writeQuery } from "husako:host/environment";
import { addText } from "../test/kinds.ts";

function wellFormed(value: unknown): string {
  return String(value).toWellFormed();
}

/** What the parts of a URL are called, in the order in which the host gives them. */
const PARTS = "href origin protocol username password host hostname port pathname search hash".split(" ");

/** Changes the query of a URL, whose `searchParams` have changed. */
let updateQuery: (url: URL, query: string) => void;
/** Ties parameters to the URL that they are of. */
let tie: (params: URLSearchParams, url: URL) => void;
/** Replaces all parameters: the query of their URL has changed. */
let replacePairs: (params: URLSearchParams, query: string) => void;

/** What `URLSearchParams` can be made of. */
export type ParamsInit = string | Iterable<readonly [string, string]> | Record<string, string> | URLSearchParams;

/** The names and values of a query. */
export class URLSearchParams {
  #pairs: [string, string][] = [];
  #url: URL | undefined;

  static {
    tie = (params, url): void => {
      params.#url = url;
    };
    replacePairs = (params, query): void => {
      params.#pairs = [];
      params.#read(query);
    };
  }

  constructor(init: ParamsInit = "") {
    if (typeof init === "object" && init !== null) {
      const iterate = (init as Iterable<unknown>)[Symbol.iterator];
      if (typeof iterate === "function") {
        for (const pair of init as Iterable<readonly [string, string]>) {
          const items = [...pair];
          if (items.length !== 2) throw new TypeError("URLSearchParams needs pairs of a name and a value");
          this.#pairs.push([wellFormed(items[0]), wellFormed(items[1])]);
        }
      } else {
        for (const [name, value] of Object.entries(init)) this.#pairs.push([wellFormed(name), wellFormed(value)]);
      }
    } else {
      const text = wellFormed(init);
      this.#read(text.startsWith("?") ? text.slice(1) : text);
    }
  }

  #read(query: string): void {
    const flat = parseQuery(query);
    for (let i = 0; i < flat.length; i += 2) this.#pairs.push([flat[i], flat[i + 1]]);
  }

  #changed(): void {
    if (this.#url !== undefined) updateQuery(this.#url, this.toString());
  }

  /** How many there are. */
  get size(): number {
    return this.#pairs.length;
  }

  /** Adds one. */
  append(name: string, value: string): void {
    this.#pairs.push([wellFormed(name), wellFormed(value)]);
    this.#changed();
  }

  /** Takes out those of a name; with a value, those that have it. */
  delete(name: string, value?: string): void {
    const [wanted, its] = [wellFormed(name), value === undefined ? undefined : wellFormed(value)];
    this.#pairs = this.#pairs.filter((pair) => pair[0] !== wanted || (its !== undefined && pair[1] !== its));
    this.#changed();
  }

  /** The first value of a name; `null` if there is none. */
  get(name: string): string | null {
    const wanted = wellFormed(name);
    return this.#pairs.find((pair) => pair[0] === wanted)?.[1] ?? null;
  }

  /** All values of a name. */
  getAll(name: string): string[] {
    const wanted = wellFormed(name);
    return this.#pairs.filter((pair) => pair[0] === wanted).map((pair) => pair[1]);
  }

  /** Whether there is one of the name; with a value, one that has it. */
  has(name: string, value?: string): boolean {
    const [wanted, its] = [wellFormed(name), value === undefined ? undefined : wellFormed(value)];
    return this.#pairs.some((pair) => pair[0] === wanted && (its === undefined || pair[1] === its));
  }

  /** Sets the value of a name, once. */
  set(name: string, value: string): void {
    const wanted = wellFormed(name);
    const first = this.#pairs.find((pair) => pair[0] === wanted);
    if (first === undefined) this.#pairs.push([wanted, wellFormed(value)]);
    else {
      first[1] = wellFormed(value);
      this.#pairs = this.#pairs.filter((pair) => pair === first || pair[0] !== wanted);
    }
    this.#changed();
  }

  /** Sorts by names; those of one name stay in their order. */
  sort(): void {
    this.#pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
    this.#changed();
  }

  /** Calls a function for each. */
  forEach(visit: (value: string, name: string, params: URLSearchParams) => void, self?: unknown): void {
    for (const [name, value] of this) visit.call(self as never, value, name, this);
  }

  /** The names. */
  *keys(): IterableIterator<string> {
    for (const [name] of this) yield name;
  }

  /** The values. */
  *values(): IterableIterator<string> {
    for (const [, value] of this) yield value;
  }

  /** Names and values. */
  *entries(): IterableIterator<[string, string]> {
    for (let i = 0; i < this.#pairs.length; i++) yield [this.#pairs[i][0], this.#pairs[i][1]];
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  toString(): string {
    return writeQuery(this.#pairs.flat());
  }

  get [Symbol.toStringTag](): string {
    return "URLSearchParams";
  }
}

/** An address, by the [URL standard](https://url.spec.whatwg.org/). */
export class URL {
  #parts: string[];
  #params: URLSearchParams | undefined;

  static {
    updateQuery = (url, query): void => url.#put("search", query);
    addText("URL", URL.prototype, (url) => (url as URL).#parts[0]);
  }

  constructor(url: string | URL, base?: string | URL) {
    const parts = parseUrl(wellFormed(url), base === undefined ? undefined : wellFormed(base));
    if (parts === undefined) throw new TypeError(`Invalid URL: ${String(url)}`);
    this.#parts = parts;
  }

  /** Whether it is an address. */
  static canParse(url: string | URL, base?: string | URL): boolean {
    return parseUrl(wellFormed(url), base === undefined ? undefined : wellFormed(base)) !== undefined;
  }

  /** The address; `null` if it is none. */
  static parse(url: string | URL, base?: string | URL): URL | null {
    return URL.canParse(url, base) ? new URL(url, base) : null;
  }

  #get(part: string): string {
    return this.#parts[PARTS.indexOf(part)];
  }

  #put(part: string, value: unknown): void {
    const parts = setUrl(this.#parts[0], part, wellFormed(value));
    if (parts === undefined) throw new TypeError(`Invalid URL: ${String(value)}`);
    this.#parts = parts;
  }

  #set(part: string, value: unknown): void {
    this.#put(part, value);
    if (this.#params !== undefined) replacePairs(this.#params, this.#get("search").slice(1));
  }

  get href(): string {
    return this.#get("href");
  }

  set href(value: string) {
    this.#set("href", value);
  }

  get origin(): string {
    return this.#get("origin");
  }

  get protocol(): string {
    return this.#get("protocol");
  }

  set protocol(value: string) {
    this.#set("protocol", value);
  }

  get username(): string {
    return this.#get("username");
  }

  set username(value: string) {
    this.#set("username", value);
  }

  get password(): string {
    return this.#get("password");
  }

  set password(value: string) {
    this.#set("password", value);
  }

  get host(): string {
    return this.#get("host");
  }

  set host(value: string) {
    this.#set("host", value);
  }

  get hostname(): string {
    return this.#get("hostname");
  }

  set hostname(value: string) {
    this.#set("hostname", value);
  }

  get port(): string {
    return this.#get("port");
  }

  set port(value: string) {
    this.#set("port", value);
  }

  get pathname(): string {
    return this.#get("pathname");
  }

  set pathname(value: string) {
    this.#set("pathname", value);
  }

  get search(): string {
    return this.#get("search");
  }

  set search(value: string) {
    this.#set("search", value);
  }

  get hash(): string {
    return this.#get("hash");
  }

  set hash(value: string) {
    this.#set("hash", value);
  }

  /** The names and values of the query; who changes them changes the address. */
  get searchParams(): URLSearchParams {
    if (this.#params === undefined) {
      this.#params = new URLSearchParams(this.#get("search"));
      tie(this.#params, this);
    }
    return this.#params;
  }

  toString(): string {
    return this.href;
  }

  toJSON(): string {
    return this.href;
  }

  get [Symbol.toStringTag](): string {
    return "URL";
  }
}
