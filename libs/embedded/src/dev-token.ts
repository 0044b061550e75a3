/** The embedded provider's service account and its secret: no person, so the product refuses its tokens. */
const ASSISTANT = { client_id: 'assistant', client_secret: 'assistant-dev-secret' };

/**
 * A token of one of the embedded identity provider's people, or of the service account `assistant`. Development only.
 *
 * @throws Error with the provider's own words when it knows nobody of that name.
 * @example
 * const token = await devToken(system.urls.identity, 'alice');
 */
export async function devToken(identityUrl: string, user: string, ttlSeconds?: number): Promise<string> {
  const form = new URLSearchParams(
    user === ASSISTANT.client_id
      ? { grant_type: 'client_credentials', ...ASSISTANT }
      : { grant_type: 'urn:countersign:dev-login', client_id: 'countersign-cli', username: user },
  );
  if (ttlSeconds !== undefined) form.set('ttl', String(ttlSeconds));
  const response = await fetch(`${identityUrl}/token`, { method: 'POST', body: form });
  const body = (await response.json()) as { access_token?: string; error?: string; error_description?: string };
  if (!body.access_token)
    throw new Error(`no token for ${user}: ${body.error_description ?? body.error ?? response.status}`);
  return body.access_token;
}
