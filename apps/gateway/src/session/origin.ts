import type { IncomingHttpHeaders } from 'node:http';

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/;

/** Where browsers find this gateway: as it was told, else as it was asked, if that is on this machine. Undefined: nobody can sign in. */
export function originOf(publicUrl: string | undefined, { host }: IncomingHttpHeaders): string | undefined {
  if (publicUrl) return new URL(publicUrl).origin;
  return host && LOOPBACK.test(host) ? `http://${host}` : undefined;
}

const HERE = 'http://here';

export const isLoopback = (url: URL): boolean => LOOPBACK.test(url.hostname);

/** A path of this origin, or `/`: nobody is sent elsewhere, nor round and round. */
export function safeReturn(returnTo: unknown): string {
  if (typeof returnTo !== 'string' || returnTo.length > 2_000) return '/';
  // Browsers drop tabs and newlines, and read a backslash as a slash.
  if (!/^\/(?![/\\])[^\\\u0000-\u001f\u007f]*$/.test(returnTo)) return '/';
  const url = URL.parse(returnTo, HERE);
  // Dots may have been all that kept two slashes apart.
  const elsewhere = url?.origin !== HERE || url.pathname.startsWith('//') || /^\/auth(\/|$)/.test(url.pathname);
  return elsewhere ? '/' : `${url.pathname}${url.search}${url.hash}`;
}
