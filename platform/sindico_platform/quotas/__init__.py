"""What a tenant may have of something that is counted.

The ground floor keeps users and files and knows of no packages. Whoever adds to something that is
counted asks here; who sells to the tenants answers (`sindico_provisioning.packages`).
"""
