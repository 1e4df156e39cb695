import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import { openDrive } from './drive';
import './style.css';

const root = createRoot(document.getElementById('root')!);

openDrive().then(
  (drive) =>
    root.render(
      <StrictMode>
        <App drive={drive} />
      </StrictMode>,
    ),
  (error: Error) => root.render(<p role="alert">{error.message}</p>),
);
