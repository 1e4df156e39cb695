from bayplan.cli import main

main()
