import { sha256 } from "./digest.js";
import type { Cover, NamedFile } from "./types.js";

/** A request's body in one piece. */
export interface Body {
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** What a submission holds. */
export interface Parts {
  readonly files: readonly NamedFile[];
  readonly papers?: readonly NamedFile[] | undefined;
  readonly cover?: Cover | undefined;
}

const PAPER_TYPES: readonly (readonly [RegExp, string])[] = [
  [/\.pdf$/i, "application/pdf"],
  [/\.png$/i, "image/png"],
  [/\.jpe?g$/i, "image/jpeg"],
];

interface Part {
  readonly field: string;
  readonly fileName?: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

function paperType(name: string): string {
  const found = PAPER_TYPES.find(([pattern]) => pattern.test(name));
  if (!found) throw new TypeError("a paper is a .pdf, .png, .jpg or .jpeg");
  return found[1];
}

function byName(left: NamedFile, right: NamedFile): number {
  return Buffer.compare(Buffer.from(left.name), Buffer.from(right.name));
}

function coverText(cover: Cover): string {
  const office = (ref: Cover["to"]) => ({ office: ref.office, service_type: ref.service_type });
  return JSON.stringify({
    from: cover.from && office(cover.from),
    to: office(cover.to),
    month: cover.month,
    title: cover.title,
    serial: cover.serial,
  });
}

function partsOf(given: Parts): Part[] {
  const parts: Part[] = [...given.files].sort(byName).map(({ name, bytes }) => ({
    field: "file", fileName: name, type: "application/octet-stream", bytes,
  }));
  for (const { name, bytes } of [...(given.papers ?? [])].sort(byName))
    parts.push({ field: "attachment", fileName: name, type: paperType(name), bytes });
  if (given.cover) parts.push({ field: "cover", type: "application/json", bytes: Buffer.from(coverText(given.cover)) });
  return parts;
}

/** The three characters that would end a quoted form name, as browsers write them. */
function formName(text: string): string {
  return text.replaceAll('"', "%22").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function boundaryOf(parts: readonly Part[]): string {
  const framed = parts.flatMap((part) => [part.field, part.fileName ?? "", part.type, part.bytes]).flatMap((value) => {
    const bytes = typeof value === "string" ? Buffer.from(value) : value;
    return [`${bytes.length}:`, bytes];
  });
  return `cpgw-${sha256(...framed).toString("hex").slice(0, 40)}`;
}

/**
 * The same parts give the same bytes, in whatever order they were given: files are sorted by name and the boundary is
 * made from the parts. That is what an `Idempotency-Key` wants.
 */
export function multipart(given: Parts): Body {
  const parts = partsOf(given);
  const boundary = boundaryOf(parts);
  const chunks: Uint8Array[] = [];
  for (const part of parts) {
    const fileName = part.fileName === undefined ? "" : `; filename="${formName(part.fileName)}"`;
    chunks.push(
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${part.field}"${fileName}\r\n` +
        `Content-Type: ${part.type}\r\n\r\n`),
      part.bytes,
      Buffer.from("\r\n"),
    );
  }
  chunks.push(Buffer.from(`--${boundary}--\r\n`));
  return { contentType: `multipart/form-data; boundary=${boundary}`, bytes: Buffer.concat(chunks) };
}
