import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { devProxy } from './dev-proxy.js';

/** `npm run dev -w @countersign/console` serves the page from source against a running gateway: see dev-proxy.ts. */
export default defineConfig(({ command }) => ({
  plugins: [react(), command === 'serve' ? devProxy() : compressed()],
  resolve: { alias: { '@rjsf/validator-ajv8': path.join(import.meta.dirname, 'no-validator.ts') } },
  server: { host: '127.0.0.1', strictPort: false },
  // Next to TypeScript's account of the build, which is not to be emptied with it.
  build: {
    outDir: 'dist/page',
    emptyOutDir: true,
    manifest: true,
    assetsInlineLimit: 0,
    target: 'es2024',
    // These know light-dark(): written for older ones it would follow no scheme at all.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    chunkSizeWarningLimit: 1_000,
    // What every visit needs comes in one file, however many views share parts of it.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'first', tags: ['$initial'] }] } } },
  },
}));

/** Beside each file of the page the same, small: the gateway sends it as it is. */
function compressed(): Plugin {
  return {
    name: 'countersign-compressed',
    writeBundle({ dir }) {
      const assets = path.join(dir!, 'assets');
      for (const name of readdirSync(assets)) {
        const file = path.join(assets, name);
        writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
      }
    },
  };
}
