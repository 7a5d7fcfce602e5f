/** `TextEncoder` and `TextDecoder`. A part: loaded when one of them is asked for. What it makes is the user's own. */

import { decodeText, encodeText, encodingOf } from "husako:host/environment";

type Bytes = ArrayBuffer | ArrayBufferView;

function bytesOf(source: Bytes | undefined): Uint8Array {
  if (source === undefined) return new Uint8Array(0);
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  throw new TypeError("TextDecoder needs an ArrayBuffer or a view of one");
}

/** Writes text as UTF-8. */
export class TextEncoder {
  /** Always `utf-8`. */
  get encoding(): string {
    return "utf-8";
  }

  /** The bytes of a text. */
  encode(text: string = ""): Uint8Array {
    return encodeText(String(text).toWellFormed());
  }

  /** Writes as many whole characters as there is room for, and says how much that was. */
  encodeInto(text: string, target: Uint8Array): { read: number; written: number } {
    let read = 0;
    let written = 0;
    for (const character of String(text)) {
      const bytes = encodeText(character.toWellFormed());
      if (written + bytes.length > target.length) break;
      target.set(bytes, written);
      written += bytes.length;
      read += character.length;
    }
    return { read, written };
  }

  get [Symbol.toStringTag](): string {
    return "TextEncoder";
  }
}

/** Reads bytes as text. */
export class TextDecoder {
  readonly #encoding: string;
  readonly #fatal: boolean;
  readonly #ignoreBOM: boolean;
  /** The beginning of a character whose end is still to come. */
  #pending: Uint8Array = new Uint8Array(0);
  /** Whether nothing has been read yet. */
  #begins: boolean = true;

  constructor(label: string = "utf-8", options: { fatal?: boolean; ignoreBOM?: boolean } = {}) {
    const encoding = encodingOf(String(label).toWellFormed().trim());
    if (encoding === undefined) throw new RangeError(`the encoding "${label}" is not known`);
    this.#encoding = encoding;
    this.#fatal = Boolean(options.fatal);
    this.#ignoreBOM = Boolean(options.ignoreBOM);
  }

  /** The name of the encoding. */
  get encoding(): string {
    return this.#encoding;
  }

  /** Whether what is not of the encoding is an error. */
  get fatal(): boolean {
    return this.#fatal;
  }

  /** Whether a byte order mark is part of the text. */
  get ignoreBOM(): boolean {
    return this.#ignoreBOM;
  }

  /** The text of bytes; with `stream`, others follow. */
  decode(source?: Bytes, options: { stream?: boolean } = {}): string {
    const chunk = bytesOf(source);
    const bytes = new Uint8Array(this.#pending.length + chunk.length);
    bytes.set(this.#pending);
    bytes.set(chunk, this.#pending.length);
    const more = Boolean(options.stream);
    const decoded = decodeText(this.#encoding, bytes, this.#fatal, more);
    if (decoded === undefined) {
      this.#pending = new Uint8Array(0);
      this.#begins = true;
      throw new TypeError(`the bytes are not ${this.#encoding}`);
    }
    this.#pending = bytes.slice(bytes.length - decoded.left);
    let { text } = decoded;
    if (this.#begins && text !== "") {
      this.#begins = false;
      if (!this.#ignoreBOM && text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    }
    if (!more) this.#begins = true;
    return text;
  }

  get [Symbol.toStringTag](): string {
    return "TextDecoder";
  }
}
