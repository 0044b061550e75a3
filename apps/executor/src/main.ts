import { launch } from '@countersign/host/launch';
await launch('executor', () => import('./app.module.js'));
