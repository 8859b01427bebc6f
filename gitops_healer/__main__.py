"""`python -m gitops_healer` is `gitops-healer`."""

from gitops_healer.entry import main

if __name__ == "__main__":
    main()
