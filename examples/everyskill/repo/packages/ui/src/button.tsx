import type { ComponentProps } from 'react';

export function Button({ className = '', type = 'submit', ...props }: ComponentProps<'button'>) {
  return <button className={`button ${className}`.trim()} type={type} {...props} />;
}
