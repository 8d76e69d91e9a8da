/** A strict little parser of XML-like markup, for tests: it throws where a real one would, and gives the elements. */

export interface Element {
  name: string;
  attributes: Record<string, string>;
  children: Element[];
  /** Texts (references resolved) and children, in order. */
  content: (string | Element)[];
}

const VOID = new Set(['meta', 'link', 'br', 'img', 'input']);
const REFERENCES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#10': '\n' };

/** @param voids elements that are never closed (HTML); none in XML. */
export function parseMarkup(source: string, voids: ReadonlySet<string> = new Set()): Element {
  const root: Element = { name: '', attributes: {}, children: [], content: [] };
  const open: Element[] = [root];
  const token = /<(\/?)([a-zA-Z][\w:-]*)((?:\s+[\w:-]+(?:="[^"<]*")?)*)\s*(\/?)>|<\?xml [^<>]*\?>|<!doctype html>|([^<]+)/gy;
  while (token.lastIndex < source.length) {
    const at = token.lastIndex;
    const found = token.exec(source);
    if (!found) throw new Error(`not well-formed at ${JSON.stringify(source.slice(at, at + 80))}`);
    const [, closing, name, attributes = '', selfClosing, text] = found;
    const parent = open.at(-1)!;
    if (text !== undefined) {
      parent.content.push(resolve(text));
    } else if (name !== undefined && closing) {
      if (open.pop()?.name !== name) throw new Error(`</${name}> closes <${parent.name}>`);
    } else if (name !== undefined) {
      const element: Element = { name, attributes: attributesOf(attributes), children: [], content: [] };
      parent.children.push(element);
      parent.content.push(element);
      if (selfClosing || voids.has(name)) continue;
      open.push(element);
      // Raw text: ends only at its own end tag.
      if (voids.size > 0 && name === 'style') {
        const end = source.indexOf('</style>', token.lastIndex);
        element.content.push(source.slice(token.lastIndex, end));
        token.lastIndex = end;
      }
    }
  }
  if (open.length !== 1) throw new Error(`<${open.at(-1)?.name}> is not closed`);
  return root;
}

export function parseHtml(source: string): Element {
  return parseMarkup(source, VOID);
}

export function all(element: Element, name: string): Element[] {
  return [...(element.name === name ? [element] : []), ...element.children.flatMap((child) => all(child, name))];
}

export function everything(element: Element): Element[] {
  return [element, ...element.children.flatMap(everything)];
}

export function textOf(element: Element): string {
  return element.content.map((part) => (typeof part === 'string' ? part : textOf(part))).join('');
}

function attributesOf(source: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name = '', value = ''] of source.matchAll(/([\w:-]+)(?:="([^"<]*)")?/g)) {
    if (name in attributes) throw new Error(`attribute ${name} stands twice`);
    attributes[name] = resolve(value);
  }
  return attributes;
}

function resolve(text: string): string {
  return text.replace(/&([^;&\s]{0,8};?)/g, (whole, name: string) => {
    const value = REFERENCES[name.replace(/;$/, '')];
    if (value === undefined || !name.endsWith(';')) throw new Error(`bad reference ${whole}`);
    return value;
  });
}
