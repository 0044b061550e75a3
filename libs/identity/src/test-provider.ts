import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';

/**
 * For specs: a small real OIDC provider over HTTP on loopback. Its tokens may have any claims and times, and its keys may be
 * changed and taken away.
 *
 * @example
 * const provider = await startProvider();
 * const token = await provider.token({ sub: 'erin', tenant: 'globex', roles: ['support-agent'], exp });
 */
export async function startProvider() {
  const keys = new Map<string, { privateKey: CryptoKey; jwk: JWK }>();
  let published: string[] = [];
  let fetches = 0;
  let up = true;
  const server = createServer((request, response) => {
    if (!up) return void response.destroy();
    response.setHeader('content-type', 'application/json');
    if (request.url === '/.well-known/openid-configuration')
      return void response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks` }));
    fetches++;
    response.end(JSON.stringify({ keys: published.map((kid) => keys.get(kid)!.jwk) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const makeKey = async (kid: string, alg = 'ES256') => {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    keys.set(kid, { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } });
  };
  await makeKey('k1');
  published = ['k1'];

  return {
    issuer,
    makeKey,
    fetches: () => fetches,
    publish: (...kids: string[]) => (published = kids),
    setUp: (next: boolean) => (up = next),
    /** A token as the provider signs it; `exp` and `nbf` in seconds since 1970. */
    token(claims: Record<string, unknown>, kid = 'k1', header: Record<string, unknown> = {}): Promise<string> {
      const { privateKey, jwk } = keys.get(kid)!;
      return new SignJWT({ iss: issuer, aud: 'countersign', sub: 'alice', tenant: 'acme', roles: ['clerk'], ...claims })
        .setProtectedHeader({ alg: jwk.alg!, kid, typ: 'at+jwt', ...header })
        .sign(privateKey);
    },
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}
