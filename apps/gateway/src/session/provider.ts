import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  calculatePKCECodeChallenge,
  discovery,
  enableNonRepudiationChecks,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  refreshTokenGrant,
  type Configuration,
} from 'openid-client';
import { isLoopback } from './origin.js';

export interface ProviderSettings {
  issuer: string;
  clientId: string;
  clientSecret: string | undefined;
  scope: string;
}

/** What has to come back with the code: only who began can end it. */
export interface Begun {
  state: string;
  nonce: string;
  verifier: string;
}

export interface Tokens {
  accessToken: string;
  refreshToken: string | undefined;
}

const TIMEOUT_SECONDS = 5;

/** The identity provider as a browser's way in: OpenID Connect's code flow with PKCE. Found when the first person comes. */
export class SignInProvider {
  #found: Promise<Configuration> | undefined;

  constructor(private readonly settings: ProviderSettings) {}

  /** Where a browser goes to sign in. */
  async begin(redirectUri: string): Promise<{ url: string; begun: Begun }> {
    const begun = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
    const url = buildAuthorizationUrl(await this.configuration(), {
      redirect_uri: redirectUri,
      scope: this.settings.scope,
      state: begun.state,
      nonce: begun.nonce,
      code_challenge: await calculatePKCECodeChallenge(begun.verifier),
      code_challenge_method: 'S256',
    });
    return { url: url.href, begun };
  }

  /** The tokens for the code with which a browser came back. Rejects unless state, nonce, issuer, signature and verifier fit. */
  async finish(cameBackAt: URL, { state, nonce, verifier }: Begun): Promise<Tokens> {
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
    const answer = await authorizationCodeGrant(await this.configuration(), cameBackAt, checks);
    return { accessToken: answer.access_token, refreshToken: answer.refresh_token };
  }

  async refresh(refreshToken: string): Promise<Tokens> {
    const answer = await refreshTokenGrant(await this.configuration(), refreshToken);
    return { accessToken: answer.access_token, refreshToken: answer.refresh_token ?? refreshToken };
  }

  /** Where a browser goes to sign out of the provider too, if the provider has such a place and answers. */
  async signOutUrl(back: string): Promise<string | undefined> {
    const configuration = await this.configuration().catch(() => undefined);
    if (!configuration?.serverMetadata().end_session_endpoint) return undefined;
    return buildEndSessionUrl(configuration, { post_logout_redirect_uri: back }).href;
  }

  private configuration(): Promise<Configuration> {
    this.#found ??= this.discover().catch((error: unknown) => {
      this.#found = undefined;
      throw error;
    });
    return this.#found;
  }

  private discover(): Promise<Configuration> {
    const { issuer, clientId, clientSecret } = this.settings;
    const server = new URL(issuer);
    // As for its keys: in the clear on this machine alone.
    const execute = [enableNonRepudiationChecks, ...(isLoopback(server) ? [allowInsecureRequests] : [])];
    const authentication = clientSecret ? undefined : None();
    return discovery(server, clientId, clientSecret, authentication, { execute, timeout: TIMEOUT_SECONDS });
  }
}
