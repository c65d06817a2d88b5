FLASK_APP=site/frontdesk
