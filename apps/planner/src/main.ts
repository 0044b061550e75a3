import { launch } from '@countersign/host/launch';
await launch('planner', () => import('./app.module.js'));
