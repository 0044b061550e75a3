import { launch } from '@countersign/host/launch';

await launch('approval', () => import('./app.module.js'));
