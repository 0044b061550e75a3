import { queryClient } from '../app/query-client.js';
import { client } from './generated/client.gen.js';
import { sessionQuery } from './session.js';

/** The generated client on this page's own origin, with the session's cookie; its errors are thrown as the API's problems. */
export function configureClient(): void {
  client.setConfig({ baseUrl: window.location.origin, throwOnError: true });
  client.interceptors.request.use((request) => {
    const session = queryClient.getQueryData(sessionQuery.queryKey);
    if (session && !['GET', 'HEAD'].includes(request.method)) request.headers.set('x-csrf-token', session.csrfToken);
    return request;
  });
}
