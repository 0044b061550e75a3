import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { viewsOf } from './views.js';

/** Whether keys are for what is typed into. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
}

const isInDialog = () => document.querySelector('[role=dialog]') !== null;

/**
 * `g` and a view's key goes there; `?` shows what there is; `j` and `k` move along the links of the list on the page. None of them
 * decides anything.
 */
export function useShortcuts(roles: readonly string[], showHelp: () => void): void {
  const navigate = useNavigate();
  const isGoing = useRef(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || isInDialog()) return;
      const wasGoing = isGoing.current;
      isGoing.current = event.key === 'g';
      const view = wasGoing ? viewsOf(roles).find(({ key }) => key === event.key) : undefined;
      if (view) void navigate({ to: view.path });
      else if (event.key === '?') showHelp();
      else if (event.key === 'j' || event.key === 'k') moveFocus(event.key === 'j' ? 1 : -1);
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [roles, navigate, showHelp]);
}

/** To the next or the previous link of the first list on the page. */
function moveFocus(by: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>('main tbody a[href], main [data-list] a[href]')];
  if (links.length === 0) return;
  const at = links.indexOf(document.activeElement as HTMLElement);
  links[Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
}

export const SHORTCUTS: readonly [keys: string, does: string][] = [
  ['Ctrl K or ⌘ K', 'Go to a view, an id or a search'],
  [
    'g, then a letter',
    'Go to a view: o overview, a approvals, t traces, k kill, w workflows, e evals, i incidents, p pipeline, u audit',
  ],
  ['j / k', 'Next and previous in a list'],
  ['Enter', 'Open what has the focus'],
  ['Esc', 'Close a dialog'],
  ['?', 'This list'],
];
