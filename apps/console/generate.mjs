// Writes the API client from the gateway's own OpenAPI document (built: `tsc -b`) into src/api/generated, or into the folder that is named.
import path from 'node:path';
import { createClient } from '@hey-api/openapi-ts';
import { openApi } from '../gateway/dist/documents.js';

const output = process.argv[2] ?? path.join(import.meta.dirname, 'src/api/generated');
await createClient({
  input: openApi(),
  output: { path: output, module: { extension: '.js' } },
  plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk', '@tanstack/react-query'],
  logs: { level: 'error' },
});
