import { launch } from '@countersign/host/launch';
await launch('policy', () => import('./app.module.js'));
