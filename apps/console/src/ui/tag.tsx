import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDot,
  IconCircleX,
  IconInfoCircle,
  type Icon,
} from '@tabler/icons-react';
import classes from './tag.module.css';

export type Tone = 'good' | 'bad' | 'warn' | 'info' | 'plain';

const ICONS: Record<Tone, Icon> = {
  good: IconCircleCheck,
  bad: IconCircleX,
  warn: IconAlertTriangle,
  info: IconInfoCircle,
  plain: IconCircleDot,
};

/** A state in one or two words, with an icon: colour never says it alone. */
export function Tag({ tone, children }: { tone: Tone; children: string }) {
  const Shown = ICONS[tone];
  return (
    <span className={classes['tag']} data-tone={tone}>
      <Shown size={13} aria-hidden />
      {children}
    </span>
  );
}
