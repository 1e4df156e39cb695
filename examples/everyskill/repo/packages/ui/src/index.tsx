export { Button } from './button';
export { SkillCard } from './skill-card';
