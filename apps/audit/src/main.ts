import { launch } from '@countersign/host/launch';

await launch('audit', () => import('./app.module.js'));
