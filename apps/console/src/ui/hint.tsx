import { Tooltip, UnstyledButton } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './hint.module.css';

/** Words with more behind them, on hover, focus and touch. */
export function Hint({ says, children }: { says: string; children: ReactNode }) {
  return (
    <Tooltip label={says} multiline maw={360} events={{ hover: true, focus: true, touch: true }}>
      <UnstyledButton component="span" tabIndex={0} className={classes['hint']} aria-description={says}>
        {children}
      </UnstyledButton>
    </Tooltip>
  );
}
