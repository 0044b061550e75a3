import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

interface Asked {
  challenge: string;
  nonce: string;
  redirectUri: string;
}

/**
 * A small real OpenID provider on loopback: everybody who comes is signed in at once as `person`. What it answers can be bent, so that a
 * spec sees what the gateway makes of it.
 */
export class BentProvider {
  person: Record<string, unknown> = { sub: 'bob', tenant: 'acme', roles: ['support-lead'] };
  /** Claims in the place of those of the ID token. */
  idClaims: Record<string, unknown> = {};
  ttlSeconds = 3_600;
  givesRefreshTokens = false;
  /** Refresh tokens are good for once; null refuses them all. */
  refreshes: number | null = 0;
  /** Every token it gave. */
  readonly given: string[] = [];
  now = () => Date.now();
  readonly #codes = new Map<string, Asked>();
  readonly #refreshable = new Set<string>();

  private constructor(
    readonly issuer: string,
    private readonly sign: (claims: object, typ: string) => Promise<string>,
    readonly close: () => Promise<void>,
  ) {}

  static async open(): Promise<BentProvider> {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' };
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const sign = (claims: object, typ: string) =>
      new SignJWT({ iss: issuer, ...claims }).setProtectedHeader({ alg: 'ES256', kid: 'k', typ }).sign(privateKey);
    const close = () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    const provider = new BentProvider(issuer, sign, close);
    server.on('request', (request, response) => void provider.answer(request, response, { keys: [jwk] }));
    return provider;
  }

  private async answer(request: IncomingMessage, response: ServerResponse, jwks: object): Promise<void> {
    const url = new URL(request.url!, this.issuer);
    const json = (body: unknown, status = 200) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (url.pathname === '/jwks') return json(jwks);
    if (url.pathname.startsWith('/.well-known/')) return json(this.discovery());
    if (url.pathname === '/authorize') return void response.writeHead(302, { location: this.codeFor(url) }).end();
    const form = new URLSearchParams(await textOf(request));
    const answer = await (form.get('grant_type') === 'refresh_token' ? this.renewed(form) : this.exchanged(form));
    return answer ? json(answer) : json({ error: 'invalid_grant' }, 400);
  }

  private discovery(): object {
    const at = (path: string) => `${this.issuer}${path}`;
    return {
      issuer: this.issuer,
      jwks_uri: at('/jwks'),
      authorization_endpoint: at('/authorize'),
      token_endpoint: at('/token'),
      end_session_endpoint: at('/bye'),
      id_token_signing_alg_values_supported: ['ES256'],
    };
  }

  private codeFor({ searchParams: asked }: URL): string {
    const code = randomBytes(9).toString('base64url');
    const redirectUri = asked.get('redirect_uri')!;
    this.#codes.set(code, { challenge: asked.get('code_challenge')!, nonce: asked.get('nonce')!, redirectUri });
    return `${redirectUri}?${new URLSearchParams({ code, state: asked.get('state')! })}`;
  }

  private async exchanged(form: URLSearchParams): Promise<object | undefined> {
    const asked = this.#codes.get(form.get('code') ?? '');
    this.#codes.delete(form.get('code') ?? '');
    const digest = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (!asked || digest !== asked.challenge || form.get('redirect_uri') !== asked.redirectUri) return undefined;
    const iat = Math.floor(Date.now() / 1000);
    const claims = { sub: this.person['sub'], aud: 'countersign-console', nonce: asked.nonce, iat, exp: iat + 60 };
    return { ...(await this.tokens()), id_token: await this.sign({ ...claims, ...this.idClaims }, 'JWT') };
  }

  private async renewed(form: URLSearchParams): Promise<object | undefined> {
    if (this.refreshes === null || !this.#refreshable.delete(form.get('refresh_token')!)) return undefined;
    this.refreshes += 1;
    return this.tokens();
  }

  private async tokens(): Promise<object> {
    const exp = Math.floor(this.now() / 1000) + this.ttlSeconds;
    const access = await this.sign(
      { aud: 'countersign', exp, jti: randomBytes(6).toString('hex'), ...this.person },
      'at+jwt',
    );
    const refresh = randomBytes(12).toString('base64url');
    this.#refreshable.add(refresh);
    this.given.push(access, ...(this.givesRefreshTokens ? [refresh] : []));
    return {
      access_token: access,
      token_type: 'Bearer',
      ...(this.givesRefreshTokens ? { refresh_token: refresh } : {}),
    };
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
