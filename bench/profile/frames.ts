/** How functions of a profile are written: what they belong to, and where they stand, without this machine's folders. */
import { pathToFileURL } from 'node:url';
import type { Frame } from './cpu-profile.ts';

/** Our own code, that of packages, Node's own, and what V8 does besides (collecting garbage, native code). */
export type Owner = 'own' | 'package' | 'node' | 'v8';

export function ownerOf({ url }: Frame): Owner {
  if (url.includes('/node_modules/')) return 'package';
  if (url.startsWith('node:')) return 'node';
  return url === '' ? 'v8' : 'own';
}

/** `gateway/app.ts:12`, `ws/lib/sender.js:80`, `node:net:500`; empty for what stands nowhere. @param root of this package. */
export function placeOf({ url, line }: Frame, root: string): string {
  if (url === '') return '';
  const modules = url.lastIndexOf('/node_modules/');
  if (modules >= 0) return `${url.slice(modules + '/node_modules/'.length)}:${line}`;
  const base = pathToFileURL(root.endsWith('/') ? root : `${root}/`).href;
  if (url.startsWith(base)) return `${url.slice(base.length)}:${line}`;
  // CommonJS modules are named by path.
  if (url.startsWith(root)) return `${url.slice(root.length).replace(/^\//, '')}:${line}`;
  return `${url.startsWith('node:') ? url : url.slice(url.lastIndexOf('/') + 1)}:${line}`;
}
