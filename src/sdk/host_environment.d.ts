/** What the globals of the platform ask of the host. */
declare module "husako:host/environment" {
  /**
   * The parts of a URL, in the order `href origin protocol username password host hostname port pathname search hash`; `undefined` if
   * it is none.
   */
  export function parseUrl(text: string, base: string | undefined): string[] | undefined;
  /** The same, after one part of a URL was set, as far as it can be. */
  export function setUrl(href: string, part: string, value: string): string[] | undefined;
  /** Names and values of a query, one after the other. */
  export function parseQuery(text: string): string[];
  /** A query of names and values, one after the other. */
  export function writeQuery(pairs: string[]): string;
  /** The bytes of a text in UTF-8. */
  export function encodeText(text: string): Uint8Array;
  /** The name of an encoding by one of its labels; `undefined` if nobody knows it. */
  export function encodingOf(label: string): string | undefined;
  /**
   * The text of bytes, and how many of them at the end are the beginning of a character; those are left out if `more` says that others
   * follow. `undefined` if `fatal`, and the bytes are not of the encoding. A byte order mark stays.
   */
  export function decodeText(
    encoding: string,
    bytes: Uint8Array,
    fatal: boolean,
    more: boolean,
  ): { readonly text: string; readonly left: number } | undefined;
}
