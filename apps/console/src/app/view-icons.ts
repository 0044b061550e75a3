import {
  IconAlertOctagon,
  IconChecklist,
  IconFileCertificate,
  IconFlask,
  IconGauge,
  IconPlayerStop,
  IconRoute,
  IconSitemap,
  IconStack2,
  type Icon,
} from '@tabler/icons-react';
import type { View } from './views.js';

export const VIEW_ICONS: Record<View['path'], Icon> = {
  '/': IconGauge,
  '/approvals': IconChecklist,
  '/traces': IconRoute,
  '/kill': IconPlayerStop,
  '/workflows': IconSitemap,
  '/evals': IconFlask,
  '/incidents': IconAlertOctagon,
  '/pipeline': IconStack2,
  '/audit': IconFileCertificate,
};
