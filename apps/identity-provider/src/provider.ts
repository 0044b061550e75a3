import Provider, {
  errors,
  interactionPolicy,
  type ClientMetadata,
  type Configuration,
  type ResourceServer,
} from 'oidc-provider';
import type { Config } from './config.js';
import type { Keys } from './keys.js';
import { memoryAdapter } from './memory-adapter.js';
import { assistant, people, personNamed, type Person } from './people.js';

/** A person's token without a browser. Development only: it asks for no password. */
export const DEV_LOGIN = 'urn:countersign:dev-login';
const RESOURCE = 'urn:countersign';
const HOUR = 3_600;
const DAY = 24 * HOUR;
const LOOPBACK = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

const onLoopback = (...paths: string[]): string[] =>
  ['http://127.0.0.1', 'http://localhost'].flatMap((origin) => paths.map((path) => `${origin}${path}`));

const clients = (assistantSecret: string): ClientMetadata[] => [
  {
    client_id: 'countersign-cli',
    grant_types: [DEV_LOGIN],
    response_types: [],
    redirect_uris: [],
    token_endpoint_auth_method: 'none',
  },
  {
    // A native client may come back to any loopback port, and the console's is not known beforehand.
    client_id: 'countersign-console',
    application_type: 'native',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    redirect_uris: onLoopback('/', '/callback', '/auth/callback'),
    post_logout_redirect_uris: onLoopback('/'),
    token_endpoint_auth_method: 'none',
  },
  {
    client_id: assistant.clientId,
    client_secret: assistantSecret,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    token_endpoint_auth_method: 'client_secret_post',
  },
];

const api = (audience: string): ResourceServer => ({
  scope: '',
  audience,
  accessTokenFormat: 'jwt',
  accessTokenTTL: HOUR,
  jwt: { sign: { alg: 'RS256' } },
});

function configuration(config: Config, keys: Keys): Configuration {
  const claims = ({ tenant, roles }: Pick<Person, 'tenant' | 'roles'>) => ({
    [config.OIDC_TENANT_CLAIM]: tenant,
    [config.OIDC_ROLES_CLAIM]: roles,
  });
  return {
    adapter: memoryAdapter(),
    jwks: keys.jwks as NonNullable<Configuration['jwks']>,
    cookies: { keys: keys.cookies },
    clients: clients(config.IDENTITY_ASSISTANT_SECRET),
    claims: { openid: ['sub', config.OIDC_TENANT_CLAIM, config.OIDC_ROLES_CLAIM] },
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    pkce: { required: () => true },
    clientBasedCORS: (_ctx, origin) => LOOPBACK.test(origin),
    ttl: { AccessToken: HOUR, ClientCredentials: HOUR, IdToken: HOUR, Interaction: HOUR, Session: DAY, Grant: DAY },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource: askToSignOut },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo(_ctx, resource) {
          if (resource !== RESOURCE) throw new errors.InvalidTarget();
          return api(config.OIDC_AUDIENCE);
        },
      },
    },
    interactions: { policy: withoutConsent(), url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount(_ctx, sub) {
      const person = personNamed(sub);
      return person && { accountId: sub, claims: () => ({ sub, ...claims(person) }) };
    },
    extraTokenClaims(_ctx, token) {
      if (token.kind === 'ClientCredentials') return { ...claims(assistant), gty: 'client_credentials' };
      const person = personNamed(token.accountId);
      return person && claims(person);
    },
    async loadExistingGrant(ctx) {
      const { client, session, provider } = ctx.oidc;
      if (!client || !session?.accountId) return undefined;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
    renderError(ctx, out) {
      ctx.type = 'json';
      ctx.body = out;
    },
  };
}

/** Signing in as somebody else begins here. */
function askToSignOut(ctx: { body: unknown }, form: string): void {
  ctx.body = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>Sign out · Countersign</title>
<style>body{font:16px system-ui;max-width:26rem;margin:10vh auto;padding:0 1rem}
button{width:100%;padding:.7rem 1rem;font:inherit}</style>
<main><h1>Sign out?</h1>${form}<button autofocus form="op.logoutForm" name="logout" value="yes">Sign out</button></main></html>`;
}

/** Signing in is consent, also for a native client, which would else be asked each time. */
function withoutConsent(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  policy.get('consent')?.checks.remove('native_client_prompt');
  return policy;
}

/** The embedded OpenID provider: discovery, JWKS, code with PKCE, client credentials, and the development login. */
export function buildProvider(config: Config, keys: Keys): Provider {
  const provider = new Provider(config.OIDC_ISSUER, configuration(config, keys));
  provider.registerGrantType<{ username?: string; ttl?: string }>(
    DEV_LOGIN,
    async (ctx) => {
      const { username = '', ttl = String(HOUR) } = ctx.oidc.params;
      const person = personNamed(username);
      if (!person) throw invalidRequest(`username: one of ${people.map(({ sub }) => sub).join(', ')}`);
      const expiresIn = Number(ttl);
      if (!Number.isInteger(expiresIn) || expiresIn < 1 || expiresIn > DAY) {
        throw invalidRequest(`ttl: whole seconds from 1 to ${DAY}`);
      }
      ctx.body = await issue(provider, ctx.oidc.client, person.sub, expiresIn, config.OIDC_AUDIENCE);
    },
    ['username', 'ttl'],
  );
  return provider;
}

const invalidRequest = (detail: string) => new errors.InvalidRequest(detail);

type Client = ConstructorParameters<Provider['AccessToken']>[0]['client'];

async function issue(provider: Provider, client: Client, accountId: string, expiresIn: number, audience: string) {
  const grant = new provider.Grant({ clientId: client.clientId, accountId });
  const resourceServer = new provider.ResourceServer(RESOURCE, api(audience));
  const grantId = await grant.save();
  const token = new provider.AccessToken({
    client,
    accountId,
    grantId,
    gty: DEV_LOGIN,
    resourceServer,
    scope: '',
    expiresIn,
  });
  return { access_token: await token.save(), token_type: 'Bearer', expires_in: expiresIn };
}
