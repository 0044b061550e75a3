import { launch } from '@countersign/host/launch';

await launch('gateway', () => import('./app.module.js'));
