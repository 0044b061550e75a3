import { createContext, useContext } from 'react';
import { NOTHING_OPENED, type Opened } from './plain.js';

/** Sealed values this person had opened, for as long as the trace is on show. */
export const OpenedValues = createContext<Opened>(NOTHING_OPENED);
export const useOpened = () => useContext(OpenedValues);
