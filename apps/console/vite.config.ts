import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { devProxy } from './dev-proxy.js';

/** `npm run dev -w @countersign/console` serves the page from source against a running gateway: see dev-proxy.ts. */
export default defineConfig(({ command }) => ({
  plugins: [react(), ...(command === 'serve' ? [devProxy()] : [])],
  server: { host: '127.0.0.1', strictPort: false },
  // Next to TypeScript's account of the build, which is not to be emptied with it.
  build: { outDir: 'dist/page', emptyOutDir: true, manifest: true, assetsInlineLimit: 0, target: 'es2024' },
}));
