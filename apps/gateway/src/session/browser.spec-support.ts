/** What a browser does with cookies and redirects, as far as a spec needs it, over real HTTP. Keeps all that it was ever told. */
export class PlainBrowser {
  readonly cookies = new Map<string, string>();
  /** Every answer as it came: headers and body. */
  readonly heard: string[] = [];

  constructor(readonly origin: string) {}

  async visit(url: string, init: { method?: string; headers?: Record<string, string> } = {}) {
    const target = new URL(url, this.origin);
    const isOurs = target.origin === this.origin;
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...(isOurs && cookie ? { cookie } : {}), ...init.headers };
    const answer = await fetch(target, { redirect: 'manual', ...init, headers });
    const text = await answer.text();
    if (isOurs) this.heard.push(JSON.stringify([...answer.headers]), text);
    for (const line of isOurs ? answer.headers.getSetCookie() : []) this.take(line);
    const location = answer.headers.get('location');
    return { status: answer.status, text, location, body: jsonOf(text), setCookies: answer.headers.getSetCookie() };
  }

  /** Follows the way to the provider and back; where it ends. */
  async signIn(returnTo = '/approvals') {
    const begun = await this.visit(`/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
    const atProvider = await this.visit(begun.location!);
    return this.visit(atProvider.location!);
  }

  private take(line: string): void {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
    if (/Max-Age=0/.test(line)) this.cookies.delete(name!);
    else this.cookies.set(name!, value!);
  }
}

function jsonOf(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
