"""`ucmsim report`: what happened on running PBXs, gathered over their control plane, judged, and put into one zip. Knows no PBX.

Events and calls come page by page and go into the zip as they come; what is kept of them is counts and the first few.
"""
